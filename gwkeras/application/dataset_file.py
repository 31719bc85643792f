"""Datasets as NetCDF files."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import xarray as xr

from gwkeras.core.files.whole_file import replacing_path

_LARGE = 2**20  # bytes; half of a globe is sea


def write_dataset(data: xr.Dataset, path: Path) -> None:
    """NetCDF, whole or not at all; times by the epoch of all our files, large arrays packed.

    Args:
        data: by CF.
        path: of the file; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = {"zlib": True, "complevel": 1, "shuffle": True}
    encoding: dict[Hashable, dict[str, Any]] = {
        name: dict(packed) for name, value in data.variables.items() if value.nbytes > _LARGE and value.dtype.kind in "fi"
    }
    if "time" in data.variables:
        encoding["time"] = {"units": "days since 2002-01-01"}
    with replacing_path(path) as partial:
        data.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding=encoding)
