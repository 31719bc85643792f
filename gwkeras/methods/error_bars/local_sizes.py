"""Where errors are large, cell by cell: one map of amplitudes, learned from held-out product.

Kriging's own map of errors is averaged over 100 km. What single cells show beside it repeats itself in other years (0.8 to 0.9
of its variance on tuning worlds, where there is no filter), and half of it, in the logarithm, carries over to the detail within.
Through a filter single cells are not seen, and nothing is learned.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.selection.held_out_product import HeldOutProduct

CARRIED = 0.5
"""Power with which a cell's own size of errors, as far as it repeats itself, counts for its detail: set on tuning worlds."""

_RANGE = (0.2, 5.0)  # of a variance, as a share of what the update says
_FEWEST = 12  # cells, and months in each half


def with_own_sizes(
    update: FittedKriging, product: HeldOutProduct, spans: np.ndarray
) -> tuple[FittedKriging, HeldOutProduct] | None:
    """The update with its map sharpened, and the held-out product with the σ that follows; None where nothing can be learned.

    What a half of the spans is judged by was learned from the other half.

    Args:
        update: as fitted, for the domain of the product.
        product: held out.
        spans: (M,) number of each month's span of years.
    """
    region = update.region
    halves = spans % 2 == 0, spans % 2 == 1
    if region.spread.kind != "none" or len(product.lat) < _FEWEST or min(half.sum() for half in halves) < _FEWEST:
        return None
    squares = (product.errors / product.sigma_of_months) ** 2
    own = [np.log(np.maximum(squares[:, half].mean(axis=1), 1e-6)) for half in halves]
    if min(values.std() for values in own) < 1e-9:
        return None
    alike = float(np.corrcoef(own)[0, 1])
    if not alike > 0:
        return None
    power = CARRIED * 2 * alike / (1 + alike)  # of the mean of both halves (Spearman, Brown 1910)
    judged = np.empty(squares.shape)
    for half, other in (halves, halves[::-1]):
        judged[:, half] = _factor(squares[:, other], CARRIED * alike)[:, None]
    rows = np.clip(np.floor((product.lat - region.grid.south) / region.grid.lat_step).astype(int), 0, region.grid.n_lat - 1)
    east = (product.lon - region.grid.west) % 360.0
    columns = np.clip(np.floor(east / region.grid.lon_step).astype(int), 0, region.grid.n_lon - 1)
    local = update.local.copy()
    local[rows, columns] *= _factor(squares, power)
    sharpened = replace(product, monthly=product.sigma_of_months * np.sqrt(judged))
    return replace(update, local=local), sharpened


def _factor(squares: np.ndarray, power: float) -> np.ndarray:
    """(n,) factor on a variance; errors in units of σ stay as large as they were, so 1 is for places nothing is known of."""
    size = np.maximum(squares.mean(axis=1), 1e-6)
    found = np.clip((size / np.exp(np.log(size).mean())) ** power, *_RANGE)
    return found * np.mean(size / found) / size.mean()
