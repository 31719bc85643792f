"""Where wells lie: cells of grids, coordinates that cannot be, distance from the product's edge."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from gwkeras.analysis.wells.dropped import Dropped, dropped
from gwkeras.analysis.wells.reading.table import Wells
from gwkeras.core.box import describe_box, describe_place
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

OUTSIDE = "outside the grid"
SWAPPED = "latitude and longitude look exchanged"
NO_PLACE = "no coordinates"
DUPLICATE = "duplicate"


def cells_of(grid: Grid, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and whether it lies on the grid, for each point (n,); one on an edge belongs to the cell north or east.

    Args:
        grid: of the field.
        lat: (n,) degrees north; NaN lies nowhere.
        lon: (n,) degrees east, in any turn.
    """
    with np.errstate(invalid="ignore"):
        row = np.floor((lat - grid.south) / grid.lat_step)
        row = np.where(lat == grid.north, row - 1, row)  # the pole, and the last edge of a region
        col = np.floor(((lon - grid.west) % 360.0) / grid.lon_step)
        inside = (row >= 0) & (row < grid.n_lat) & (col >= 0) & (col < grid.n_lon) & (np.abs(lat) <= 90.0)
    return np.where(inside, row, 0).astype(int), np.where(inside, col, 0).astype(int), inside


def on_the_grid(wells: Wells, grid: Grid) -> tuple[Wells, list[Dropped]]:
    """The wells that lie on a grid, each once, and the others with their reasons.

    Args:
        wells: of a table.
        grid: of the coarse product.
    Raises: BadInput: where no well lies on it, or most do with latitude and longitude exchanged.
    """
    unknown = ~(np.isfinite(wells.lat) & np.isfinite(wells.lon))
    inside = cells_of(grid, wells.lat, wells.lon)[2]
    exchanged = ~inside & ~unknown & cells_of(grid, wells.lon, wells.lat)[2]
    box = describe_box(grid.south, grid.north, grid.west, grid.east)
    if exchanged.sum() > inside.sum():
        k = int(np.flatnonzero(exchanged)[0])
        raise BadInput(
            "wells",
            expected=f"places within {box}",
            found=f"{int(exchanged.sum())} of {inside.size} wells there only with latitude and longitude exchanged, such as "
            f"{wells.names[k]} at {describe_place(wells.lat[k], wells.lon[k])}",
            remedy="exchange columns.latitude and columns.longitude",
        )
    if not inside.any():
        known = np.flatnonzero(~unknown)
        first = "no coordinates"
        if known.size:
            first = f"none, the first at {describe_place(wells.lat[known[0]], wells.lon[known[0]])}"
        raise BadInput(
            "wells", expected=f"wells within {box}", found=first, remedy="check the coordinates, or give another product"
        )
    double, details = _duplicates(wells, inside)
    left_out = [
        *dropped(wells, unknown, NO_PLACE),
        *dropped(wells, exchanged, SWAPPED, [f"exchanged it lies within {box}"] * inside.size),
        *dropped(wells, ~inside & ~unknown & ~exchanged, OUTSIDE, [f"the product has {box}"] * inside.size),
        *dropped(wells, double, DUPLICATE, details),
    ]
    return wells.of(inside & ~double), left_out


def _duplicates(wells: Wells, among: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Wells at the place of an earlier one with the same readings."""
    double, details = np.zeros(among.size, bool), [""] * among.size
    seen: dict[tuple[float, float, bytes], int] = {}
    for k in np.flatnonzero(among):
        readings = np.nan_to_num(wells.level[k], nan=-1e9).round(6)
        place = (round(float(wells.lat[k]), 4), round(float(wells.lon[k]), 4), readings.tobytes())
        earlier = seen.setdefault(place, int(k))
        if earlier != k:
            double[k], details[k] = True, f"same place and readings as {wells.names[earlier]}"
    return double, details


def distance_to_edge(grid: Grid, known: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """(n,) km from each point to the nearest cell without data: sea, or beyond the product's region; inf where there is none.

    Args:
        grid: of the product.
        known: (n_lat, n_lon) whether a cell has data.
        lat: (n,) degrees north.
        lon: (n,) degrees east.
    """
    rows, cols = np.nonzero(~known)
    if not rows.size:
        return np.full(lat.shape, np.inf)
    chord = cKDTree(_on_sphere(grid.lat[rows], grid.lon[cols])).query(_on_sphere(lat, lon))[0]
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))


def _on_sphere(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    north, east = np.deg2rad(lat), np.deg2rad(lon)
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)
