"""Draws of a record as CF-1.11 NetCDF, month after month: whole under its name, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.grid import Grid
from gwkeras.fields.writing.axes import define, define_axes, write_months
from gwkeras.fields.writing.cf_file import CONVENTIONS, Provenance

_CHUNK = 512  # cells along each side of a chunk

Append = Callable[[np.datetime64, np.ndarray], None]
"""Adds a month: its first day, and (draw, n_lat, n_lon) mm with NaN where missing."""


@contextmanager
def draw_file(path: Path, grid: Grid, count: int, *, comment: str, provenance: Provenance) -> Iterator[Append]:
    """A file with dimensions draw, time, lat, lon; memory holds one month of it.

    Args:
        path: of the file; its folder is created where absent. One that is there is replaced in the end.
        grid: of the fields.
        count: of draws.
        comment: what they are, in a sentence.
        provenance: where the fields come from.
    Raises: BadInput: where the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing_path(path) as partial, netCDF4.Dataset(partial, "w", format="NETCDF4") as file:
            _create(file, grid, count, comment, provenance)

            def append(month: np.datetime64, fields: np.ndarray) -> None:
                row = file["time"].size
                write_months(file, slice(row, row + 1), np.array([month]).astype("datetime64[M]"))
                file["gwsa"][:, row] = np.ma.masked_invalid(np.asarray(fields, np.float32), copy=False)

            yield append
    except (OSError, RuntimeError) as error:
        raise BadInput(
            path,
            expected="a file that can be written",
            found=f"'{error}'",
            remedy="check the folder's permissions, quota and free space, or write elsewhere",
        ) from error


def _create(file: netCDF4.Dataset, grid: Grid, count: int, comment: str, provenance: Provenance) -> None:
    title = "Draws of the downscaled groundwater storage anomaly"
    file.setncatts({"Conventions": CONVENTIONS, "title": title, **provenance.attributes()})
    file.createDimension("draw", count)
    define_axes(file, grid)
    told = {"standard_name": "realization", "long_name": "number of the draw", "units": "1"}
    define(file, "draw", "i4", ("draw",), told)[:] = np.arange(1, count + 1)
    define(
        file,
        "gwsa",
        "f4",
        ("draw", "time", "lat", "lon"),
        {
            "long_name": "groundwater storage anomaly as water equivalent height",
            "units": "mm",
            "cell_methods": "time: mean area: mean where land",
            "grid_mapping": "crs",
            "comment": comment,
        },
        compression="zlib",
        complevel=2,
        shuffle=True,
        chunksizes=(1, 1, min(grid.n_lat, _CHUNK), min(grid.n_lon, _CHUNK)),
        fill_value=netCDF4.default_fillvals["f4"],
    )
