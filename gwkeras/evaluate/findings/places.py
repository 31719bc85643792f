"""Scores by place, from the maps that evaluation.nc holds: boxes of the region, and distance to the sea."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.evaluate.stored.evaluation import Evaluation

DISTANCES_KM = (0.0, 50.0, 100.0, 200.0, 500.0, np.inf)
"""Edges of the classes of distance to the sea."""

_MOST_BOXES = 12
_BOX_DEGREES = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)


@dataclass(frozen=True)
class Place:
    """Scores of all methods in one set of cells.

    Args:
        name: for people.
        area_km2: of its land.
        rmse: (methods,) mm, over cells and months.
        mae: (methods,) mm.
        bias: (methods,) mm.
    """

    name: str
    area_km2: float
    rmse: np.ndarray
    mae: np.ndarray
    bias: np.ndarray


def by_distance_to_sea(evaluation: Evaluation) -> tuple[Place, ...]:
    """From the sea inland; empty where the region has no sea.

    A cell of the region without land is sea. What lies beyond the region is not known, and is not sea.
    """
    land = evaluation.data["land_area_map"].values
    distance = distance_to_sea(evaluation.grid, land)
    if not np.isfinite(distance).any():
        return ()
    found = []
    for low, high in pairwise(DISTANCES_KM):
        name = f"{low:g} to {high:g} km from the sea" if np.isfinite(high) else f"more than {low:g} km from the sea"
        found.append(_place(evaluation, name, (land > 0) & (distance >= low) & (distance < high)))
    return tuple(place for place in found if place is not None)


def by_box(evaluation: Evaluation) -> tuple[Place, ...]:
    """In boxes of whole degrees, at most twelve of them, from the north-west on; empty where there would be only one."""
    grid = evaluation.grid
    for degrees in _BOX_DEGREES:
        rows = np.floor((grid.lat - 1e-9) / degrees).astype(int)
        cols = np.floor((grid.lon - 1e-9) / degrees).astype(int)
        boxes = [(r, c) for r in np.unique(rows)[::-1] for c in np.unique(cols)]
        if len(boxes) <= _MOST_BOXES:
            break
    land = evaluation.data["land_area_map"].values > 0
    found = []
    for r, c in boxes:
        inside = land & (rows == r)[:, None] & (cols == c)[None, :]
        south, north = max(r * degrees, grid.south), min((r + 1) * degrees, grid.north)
        west, east = max(c * degrees, grid.west), min((c + 1) * degrees, grid.east)
        south_north = f"{_latitude(south)} to {_latitude(north)}"
        west_east = f"{_longitude(west)} to {_longitude(east)}"
        found.append(_place(evaluation, f"{south_north}, {west_east}", inside))
    known = tuple(place for place in found if place is not None)
    return known if len(known) > 1 else ()


def distance_to_sea(grid: Grid, land: np.ndarray) -> np.ndarray:
    """(n_lat, n_lon) km from each cell's centre to the nearest cell of sea; infinite where there is none.

    The nearest cell is looked for on a plane, where degrees of longitude are as long as in the middle of the grid; the distance
    to it is measured on the sphere.
    """
    if (land > 0).all():
        return np.full(grid.shape, np.inf)
    middle = np.cos(np.deg2rad((grid.south + grid.north) / 2))
    row, col = ndimage.distance_transform_edt(
        land > 0, sampling=(grid.lat_step, grid.lon_step * middle), return_distances=False, return_indices=True
    )
    here, there = np.deg2rad(grid.lat)[:, None], np.deg2rad(grid.lat)[row]
    turn = np.deg2rad(grid.lon[col] - grid.lon[None, :])
    chord = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(turn / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))


def _place(evaluation: Evaluation, name: str, inside: np.ndarray) -> Place | None:
    data = evaluation.data
    area = np.where(inside, data["land_area_map"].values, 0.0)
    weights = area * data["months_map"].values  # (methods, n_lat, n_lon)
    total = weights.sum(axis=(1, 2))
    if not (total > 0).any():
        return None

    def mean(values: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nansum(np.where(weights > 0, values, 0.0) * weights, axis=(1, 2)) / total

    rmse = np.sqrt(mean(np.square(data["rmse_map"].values.astype(np.float64))))
    return Place(name, float(area.sum()), rmse, mean(data["mae_map"].values), mean(data["bias_map"].values))


def _latitude(degrees: float) -> str:
    return f"{abs(degrees):g}°{'S' if degrees < 0 else 'N'}"


def _longitude(degrees: float) -> str:
    degrees = (degrees + 180.0) % 360.0 - 180.0
    return f"{abs(degrees):g}°{'W' if degrees < 0 else 'E'}"
