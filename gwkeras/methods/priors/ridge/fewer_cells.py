"""What a large region's features are computed at: fewer cells than the fine grid has, since a product cell's mean is over many.

Climate files are hardly finer than the product; maps are, and their means over a few fine cells, weighted by area × land, leave
every product of a map with a climate that is alike in these cells as it was. On the globe a quarter of the work is left.
"""

from __future__ import annotations

import numpy as np

from gwkeras.domain.memories.fine_climate import FineClimate

_JOINED = 2  # fine cells along a side of those that are taken for one
_LEFT = 2  # cells along a side of a block, at least, that must be left


def fewer_cells(climate: FineClimate, maps: np.ndarray, factor: int) -> tuple[FineClimate, np.ndarray, np.ndarray | None]:
    """Climate and maps that features are taught with; as they are where a region is not large, or its blocks have few cells.

    Args:
        climate: at the fine grid.
        maps: (map, n_lat, n_lon) float32, there.
        factor: fine cells along a side of a block whose means are taught.
    Returns: the climate, the maps' means on its grid, and the means of their squares; None for the squares of these.
    """
    if not climate.is_large or factor % _JOINED or factor // _JOINED < _LEFT:
        return climate, maps, None
    mass = (climate.grid.area * climate.land).astype(np.float32)
    share = mass / np.repeat(np.repeat(np.maximum(_sums(mass), 1e-12), _JOINED, 0), _JOINED, 1)
    means, squares = (np.stack([_sums(share * field**power) for field in maps]) for power in (1, 2))
    return climate.coarser(_JOINED), means, squares


def _sums(field: np.ndarray) -> np.ndarray:
    """Over blocks of cells."""
    parts = [field[row::_JOINED, column::_JOINED] for row in range(_JOINED) for column in range(_JOINED)]
    return np.sum(parts, axis=0)
