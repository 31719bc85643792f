"""What the cells of one tile see of a large grid: a small matrix for each tile, in place of filtering the whole of it.

On the globe the filter costs a second for the features of a month; the tiles that are taught on ask for a tenth of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.observation.open_edges import OpenEdges

_LARGE = 8192  # cells of a grid


@dataclass(frozen=True)
class Nearby:
    """The rows of H for a tile.

    Args:
        blocks: (n,) positions in the flattened grid.
        weights: (cells, n) float32; None where each cell sees itself, and nothing else is in `blocks`.
    """

    blocks: np.ndarray
    weights: np.ndarray | None

    def see(self, fields: np.ndarray) -> np.ndarray:
        """(..., n) at `blocks` to (..., cells)."""
        return fields if self.weights is None else fields @ self.weights.T


def nearby(grid: Grid, tiles: Sequence[np.ndarray], blur: OpenEdges | None) -> tuple[Nearby, ...]:
    """For every tile; none where the grid is small, or has edges that a filter sees beyond.

    Args:
        grid: that is seen.
        tiles: (cells, 2) row and column each.
        blur: the filter between its cells; None where there is none.
    """
    if grid.n_lat * grid.n_lon <= _LARGE or (blur is not None and blur.are_there):
        return ()
    found = []
    for cells in tiles:
        if blur is None:
            found.append(Nearby(cells[:, 0] * grid.n_lon + cells[:, 1], None))
        else:
            blocks, weights = blur.within(cells)
            found.append(Nearby(blocks, weights.astype(np.float32)))
    return tuple(found)
