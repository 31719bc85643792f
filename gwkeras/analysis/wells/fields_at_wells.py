"""Gridded records at the places of wells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.analysis.wells.places import cells_of
from gwkeras.fields.canonical import grid_of

_BYTES_AT_A_TIME = 64 * 2**20


@dataclass(frozen=True)
class FieldAtWells:
    """One field at wells.

    Args:
        name: of the field, as tables show it.
        months: (months,) datetime64[M].
        values: (wells, months) mm; NaN where the field has none.
        cell: (wells,) number of the cell that each lies in; -1 where it lies outside.
        step: of the grid, degrees.
    """

    name: str
    months: np.ndarray
    values: np.ndarray
    cell: np.ndarray
    step: float

    def of(self, chosen: np.ndarray) -> FieldAtWells:
        """Those wells, by a mask or by their numbers."""
        return FieldAtWells(self.name, self.months, self.values[chosen], self.cell[chosen], self.step)

    def at(self, months: np.ndarray) -> np.ndarray:
        """(wells, months) of other months; NaN where the field has none."""
        found = np.full((len(self.values), months.size), np.nan)
        _, there, here = np.intersect1d(months, self.months, assume_unique=True, return_indices=True)
        found[:, there] = self.values[:, here]
        return found


def field_at_wells(name: str, record: xr.DataArray, lat: np.ndarray, lon: np.ndarray) -> FieldAtWells:
    """The cell's value at each well, month after month; read in parts, so that any record fits in memory.

    Args:
        name: of the field.
        record: canonical, (time, lat, lon) mm, lazily or not.
        lat: (wells,) degrees north.
        lon: (wells,) degrees east.
    """
    grid = grid_of(record)
    row, col, inside = cells_of(grid, lat, lon)
    months = record["time"].values.astype("datetime64[M]")
    values = np.full((lat.size, months.size), np.nan)
    if inside.any():
        rows, cols = row[inside], col[inside]
        south, west = rows.min(), cols.min()
        box = record.isel(lat=slice(south, rows.max() + 1), lon=slice(west, cols.max() + 1))
        step = max(1, _BYTES_AT_A_TIME // max(4 * box.sizes["lat"] * box.sizes["lon"], 1))
        for start in range(0, months.size, step):
            part = box.isel(time=slice(start, start + step)).values
            values[inside, start : start + step] = part[:, rows - south, cols - west].T
    return FieldAtWells(name, months, values, np.where(inside, row * grid.n_lon + col, -1), grid.lat_step)
