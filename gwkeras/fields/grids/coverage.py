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
    reached = np.isfinite(Regridder(source, grid)(np.ones(source.shape), minimum_valid_share))
    area = grid.area * known
    missing = float(area[~reached].sum() / area.sum()) if area.any() else 0.0
    if missing > _LARGEST_STRIP:
        raise GridMismatch(
            where,
            expected=f"data that cover the product's {grid.describe()}",
            found=f"{source.describe()}, which leaves out {100 * missing:.0f} % of its area",
            remedy="give files of the whole region, or a smaller data.region",
        )
