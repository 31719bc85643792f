"""Axes of a CF-1.11 file of monthly fields: months with their bounds, latitude, longitude, and the datum."""

from __future__ import annotations

from typing import Any

import netCDF4
import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.fields.writing.cf_file import EPOCH, GRID_MAPPING


def define_axes(file: netCDF4.Dataset, grid: Grid) -> None:
    """Dimensions and variables `time` (without limit), `lat`, `lon`, their bounds, and `crs`.

    Args:
        file: open for writing, without any of these.
        grid: of the fields.
    """
    for name, size in (("time", None), ("lat", grid.n_lat), ("lon", grid.n_lon), ("bounds", 2)):
        file.createDimension(name, size)
    time = {
        "standard_name": "time",
        "long_name": "first day of the month",
        "axis": "T",
        "bounds": "time_bounds",
        "units": f"days since {EPOCH} 00:00:00",
        "calendar": "standard",
        "units_metadata": "leap_seconds: none",
    }
    define(file, "time", "i4", ("time",), time)
    define(file, "time_bounds", "i4", ("time", "bounds"), {})
    for name, word, axis, unit, centres, edges in (
        ("lat", "latitude", "Y", "degrees_north", grid.lat, grid.lat_edges),
        ("lon", "longitude", "X", "degrees_east", grid.lon, grid.lon_edges),
    ):
        told = {"standard_name": word, "long_name": word, "units": unit, "axis": axis, "bounds": f"{name}_bounds"}
        define(file, name, "f8", (name,), told)[:] = centres
        define(file, f"{name}_bounds", "f8", (name, "bounds"), {})[:] = np.stack([edges[:-1], edges[1:]], axis=-1)
    define(file, "crs", "i4", (), GRID_MAPPING)[...] = 0


def write_months(file: netCDF4.Dataset, part: slice, months: np.ndarray) -> None:
    """Time and its bounds of some months.

    Args:
        file: with the axes.
        part: positions along time.
        months: (m,) datetime64[M].
    """
    first, after = ((m.astype("datetime64[D]") - EPOCH).astype(np.int32) for m in (months, months + 1))
    file["time"][part] = first
    file["time_bounds"][part] = np.stack([first, after], axis=-1)


def define(
    file: netCDF4.Dataset, name: str, kind: str, dims: tuple[str, ...], attributes: dict[str, Any], **encoding: Any
) -> netCDF4.Variable:
    """A variable with its attributes; `encoding` as netCDF4 takes it."""
    variable: Any = file.createVariable(name, kind, dims, **encoding)  # type: ignore[call-overload]
    variable.setncatts(attributes)
    return variable
