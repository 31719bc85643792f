"""The part of a product that its filter is looked for in: a box with much data, and what reaches into it from around."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

_SIDE_KM = 2700.0
_CELL_KM = 50.0  # cells are made about as large as this; a filter that can be told from none is wider
_KNOWN = 0.9  # of the months, in which a cell is to be known
_REACH = 2.0  # radii around the box that are seen through the filter


@dataclass(frozen=True)
class Box:
    """Months of a box.

    Args:
        grid: of the box and of what lies around it.
        share: (n_lat, n_lon) land share of its cells.
        known: (n_lat, n_lon) cells inside the box that all of the months know.
        values: (month, n_lat, n_lon) mm; 0 where not known.
    """

    grid: Grid
    share: np.ndarray
    known: np.ndarray
    values: np.ndarray


def boxed(fields: np.ndarray, grid: Grid, share: np.ndarray, radius_km: float) -> Box:
    """The box of 2700 km with the most land that is usually known; all of a smaller region.

    Args:
        fields: (month, n_lat, n_lon) mm; NaN where unknown.
        grid: the product's; where it closes around the globe, no box lies across its seam.
        share: (n_lat, n_lon) land share of its cells.
        radius_km: the widest filter that is thought of.
    """
    usual = (np.isfinite(fields).mean(axis=0) >= _KNOWN) & (share > 0)
    rows, columns = _place(grid, usual)
    inside = np.zeros(grid.shape, dtype=bool)
    inside[rows, columns] = True
    height, width = _cell_km(grid, grid.lat[rows])
    rows, columns = (
        _widened(rows, radius_km * _REACH / height, grid.n_lat),
        _widened(columns, radius_km * _REACH / width, grid.n_lon),
    )
    merged = max(1, int(_CELL_KM / height))
    rows, columns = _whole(rows, merged), _whole(columns, merged)
    part = grid.window(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
    values = np.where(usual & inside, fields, np.nan)[:, rows, columns]
    share = share[rows, columns]
    if merged > 1:
        values, share = part.block_mean(values, merged, share), np.nan_to_num(part.block_mean(share, merged))
        part = part.coarsen(merged)
    known = np.isfinite(values).mean(axis=0) >= _KNOWN
    months = np.isfinite(values[:, known]).all(axis=1)
    return Box(part, share, known, np.where(known, values[months], 0.0))


def _cell_km(grid: Grid, lat: np.ndarray) -> tuple[float, float]:
    degree = np.deg2rad(1.0) * EARTH_RADIUS_KM
    return degree * grid.lat_step, degree * grid.lon_step * float(np.cos(np.deg2rad(min(np.abs(lat).min(), 80.0))))


def _place(grid: Grid, usual: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the box with the most cells of `usual`, among boxes half a side apart."""
    best = (-1.0, slice(0, grid.n_lat), slice(0, grid.n_lon))
    tall = min(grid.n_lat, round(_SIDE_KM / _cell_km(grid, grid.lat)[0]))
    for row in _starts(grid.n_lat, tall):
        wide = min(grid.n_lon, round(_SIDE_KM / _cell_km(grid, grid.lat[row : row + tall])[1]))
        for column in _starts(grid.n_lon, wide):
            rows, columns = slice(row, row + tall), slice(column, column + wide)
            land = float((usual * grid.area)[rows, columns].sum())
            if land > best[0]:
                best = land, rows, columns
    return best[1], best[2]


def _starts(size: int, length: int) -> list[int]:
    return sorted({*range(0, size - length + 1, max(1, length // 2)), size - length})


def _widened(part: slice, by: float, size: int) -> slice:
    return slice(max(0, part.start - int(np.ceil(by))), min(size, part.stop + int(np.ceil(by))))


def _whole(part: slice, factor: int) -> slice:
    return slice(part.start, part.start + (part.stop - part.start) // factor * factor)
