"""Classes of cells and of months by which error bars are told apart: coast, terrain, season."""

from __future__ import annotations

import numpy as np

from gwkeras.core.grid import nearest_upsample
from gwkeras.domain.coast import near_coast
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.terrain import elevation_among, terrain_maps

SEASONS = ("DJF", "MAM", "JJA", "SON")
"""Three months each, named by their initials."""

COAST, INLAND = "coast", "inland"
TERRAIN = ("smooth_terrain", "middle_terrain", "rough_terrain")
"""Thirds of the land by the roughness of an elevation map."""


def season_of(month: np.datetime64) -> int:
    """Number of the month's season in `SEASONS`.

    >>> season_of(np.datetime64("2003-12"))
    0
    """
    since_december = int(np.asarray(month).astype("datetime64[M]").astype(int)) + 1  # months since 1970-01, and one more
    return since_december % 12 // 3


def cell_classes(domain: Domain) -> dict[str, np.ndarray]:
    """Name -> (s n_lat, s n_lon) bool; only classes that divide the land.

    Args:
        domain: whose cells are told apart. Terrain needs an elevation among its maps.
    """
    land = domain.land_fine > 0
    coast = land & nearest_upsample(near_coast(domain.land, domain.coarse.is_periodic), domain.factor)
    found = {COAST: coast, INLAND: land & ~coast} if coast.any() and (land & ~coast).any() else {}
    drivers = domain.fine_drivers
    name = elevation_among(tuple(drivers.static))
    if name is None:
        return found
    top, left = domain.fine_origin
    rows, cols = (slice(start, start + size) for start, size in zip((top, left), domain.fine.shape, strict=True))
    rough = terrain_maps(drivers.grid, np.asarray(drivers.static[name]))["roughness"][rows, cols]
    thirds = _terciles(rough[land], (domain.fine.area * domain.land_fine)[land])
    if thirds[0] < thirds[1]:
        which = np.searchsorted(thirds, rough, side="right")
        found |= {third: land & (which == number) for number, third in enumerate(TERRAIN)}
    return found


def _terciles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    return values[order][np.searchsorted(share, [1 / 3, 2 / 3])]
