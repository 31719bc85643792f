"""evaluation.nc: written whole or not at all, and read back as what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.evaluate.stored.evaluation import Evaluation, sums_kept
from gwkeras.evaluate.stored.layout import VERSION

_TIME = {"units": "days since 2002-01-01", "calendar": "standard", "dtype": "int32"}


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Writes NetCDF-4 by CF-1.11; what stood there before stays where this fails."""
    data = evaluation.data
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in data.variables.items():
        if np.issubdtype(variable.dtype, np.datetime64):
            encoding[str(name)] = {**_TIME, "_FillValue": None}
        elif variable.ndim and np.issubdtype(variable.dtype, np.number):
            fill = np.nan if np.issubdtype(variable.dtype, np.floating) and name not in data.coords else None
            encoding[str(name)] = {"zlib": True, "complevel": 2, "_FillValue": fill}
    with replacing_path(path) as partial:
        data.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding=encoding)


def read_evaluation(path: Path) -> Evaluation:
    """Reads what `write_evaluation` wrote.

    Raises: BadInput: where there is none, or one of another version of gwkeras or of other scores.
    """
    if not path.is_file():
        raise BadInput(path, expected="an evaluation", found="none", remedy="run gwkeras evaluate first")
    try:
        with xr.open_dataset(path, engine="netcdf4") as file:
            data = file.load()
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInput(
            path, expected="an evaluation", found=f"a file that cannot be read ({error})", remedy="run gwkeras evaluate again"
        ) from error
    version = data.attrs.get("layout_version")
    missing = [name for name in sums_kept() if f"sum_{name}" not in data]
    if version != VERSION or missing:
        found = f"version {version}" if version is not None and version != VERSION else "one of an earlier version"
        if version == VERSION:
            found = f"one without {missing[0]}"
        newer = isinstance(version, int | np.integer) and version > VERSION
        raise BadInput(
            path,
            expected=f"an evaluation of version {VERSION}",
            found=found,
            remedy="update gwkeras" if newer else "run gwkeras evaluate again",
        )
    return Evaluation(data)
