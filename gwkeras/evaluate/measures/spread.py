"""How errors go with σ: weights and squared errors in narrow bins of σ, and the distribution of |error|.

The bins are 5 % wide, so that quartiles of σ and the score of any constant σ follow for any class of cells, methods and seasons
alike; their size does not depend on the fields'.
"""

from __future__ import annotations

import numpy as np

from gwkeras.evaluate.measures.metric import Cells
from gwkeras.evaluate.measures.metrics import crps

EDGES_MM = 1e-3 * 1.05 ** np.arange(331)
"""From a thousandth of a millimetre to ten metres; what is smaller or larger counts in the first or the last bin."""

CENTRES_MM = np.sqrt(EDGES_MM[:-1] * EDGES_MM[1:])

KINDS = ("weight", "squared_error", "variance", "error_weight", "absolute_error")
"""What is summed: weight, squared error and variance by bins of σ, weight and |error| by bins of |error|."""

_PARTS = 4


def spread_sums(cells: Cells, weights: np.ndarray) -> np.ndarray:
    """(KINDS, bins) sums over cells; zeros where the method has no σ.

    Args:
        cells: n of them.
        weights: (n,) area × land.
    """
    found = np.zeros((len(KINDS), len(CENTRES_MM)))
    if cells.sigma is None:
        return found
    by_sigma, by_error = _bins(cells.sigma), _bins(np.abs(cells.error))
    for row, (bins, values) in enumerate(
        (
            (by_sigma, weights),
            (by_sigma, weights * cells.error**2),
            (by_sigma, weights * cells.sigma**2),
            (by_error, weights),
            (by_error, weights * np.abs(cells.error)),
        )
    ):
        found[row] = np.bincount(bins, values, minlength=len(CENTRES_MM))
    return found


def quartiles(sums: np.ndarray) -> np.ndarray:
    """(4, 2) root mean square of σ and of the error, mm, in the quarters of the land with the smallest σ first.

    Args:
        sums: (KINDS, bins); a bin that two quarters share is divided between them.
    """
    weight, squared, variance = sums[:3]
    above = np.cumsum(weight) / weight.sum()
    below = above - weight / weight.sum()
    found = np.empty((_PARTS, 2))
    for part in range(_PARTS):
        low, high = part / _PARTS, (part + 1) / _PARTS
        inside = np.clip(np.minimum(above, high) - np.maximum(below, low), 0.0, None)
        share = np.divide(inside, above - below, out=np.zeros_like(inside), where=above > below)
        held = share @ weight
        found[part] = np.sqrt(share @ variance / held), np.sqrt(share @ squared / held)
    return found


def constant_crps(sums: np.ndarray) -> float:
    """CRPS, mm, of the same means with one constant σ, as large as the root mean square error.

    That constant is known in hindsight only: it is right on average by construction, which no method's σ can claim.

    Args:
        sums: (KINDS, bins).
    """
    _, squared, _, weight, absolute = sums
    rmse = np.sqrt(squared.sum() / weight.sum())
    error = np.divide(absolute, weight, out=np.zeros_like(weight), where=weight > 0)
    return float(weight @ crps(error, np.full(len(error), rmse)) / weight.sum())


def _bins(values: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(EDGES_MM, values, side="right") - 1, 0, len(CENTRES_MM) - 1)
