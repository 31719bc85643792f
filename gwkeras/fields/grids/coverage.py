"""Whether a field reaches over the cells in which the product has data."""

from __future__ import annotations

import numpy as np

from gwkeras.core.errors import GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.fields.grids.regrid import Regridder

_LARGEST_STRIP = 0.1  # of the area with data; downloads often end half a cell short, and the nearest cells stand in there


def check_coverage(source: Grid, grid: Grid, known: np.ndarray, minimum_valid_share: float, where: object) -> None:
    """Compares the extents of two grids; gaps within them are another matter.

    Args:
        source: of the field.
        grid: the product's.
        known: (n_lat, n_lon) whether the product has data.
        minimum_valid_share: of a cell's area that `source` must reach.
    Raises: GridMismatch: where more than a strip is left out.
    """
    missing = _left_out(source, grid, known, minimum_valid_share)
    if missing > _LARGEST_STRIP:
        raise GridMismatch(
            where,
            expected=f"data that cover the product's {grid.describe()}",
            found=f"{source.describe()}, which leaves out {100 * missing:.0f} % of its area",
            remedy="give files of the whole region, or a smaller region (--south --north --west --east, data.region)",
        )


def is_covered(source: Grid, grid: Grid, known: np.ndarray, minimum_valid_share: float) -> bool:
    """Whether `check_coverage` would pass.

    Args:
        source: of the field.
        grid: the product's.
        known: (n_lat, n_lon) whether the product has data.
        minimum_valid_share: of a cell's area that `source` must reach.
    """
    try:
        return _left_out(source, grid, known, minimum_valid_share) <= _LARGEST_STRIP
    except GridMismatch:
        return False  # they do not touch


def _left_out(source: Grid, grid: Grid, known: np.ndarray, minimum_valid_share: float) -> float:
    """Share of the area with data that `source` does not reach."""
    reached = np.isfinite(Regridder(source, grid)(np.ones(source.shape), minimum_valid_share))
    area = grid.area * known
    return float(area[~reached].sum() / area.sum()) if area.any() else 0.0
