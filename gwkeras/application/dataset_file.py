"""Datasets as NetCDF files."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from gwkeras.core.whole_file import replacing_path


def write_dataset(data: xr.Dataset, path: Path) -> None:
    """NetCDF, whole or not at all; times by the epoch of all our files.

    Args:
        data: by CF.
        path: of the file; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = {"time": {"units": "days since 2002-01-01"}} if "time" in data.variables else {}
    with replacing_path(path) as partial:
        data.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding=encoding)
