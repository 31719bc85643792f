"""The probability integral transform: where the truth lies in the predicted Normal. Uniform where σ is right."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from gwkeras.evaluate.measures.metric import Cells

BINS = 20


def pit_bins(cells: Cells) -> np.ndarray | None:
    """(n,) which of `BINS` equal bins of [0, 1] holds Φ((y − μ)/σ); −1 where σ is 0; None where the method has no σ.

    Source: Dawid 1984, doi 10.2307/2981683.
    """
    if cells.sigma is None:
        return None
    spread = np.where(cells.sigma > 0, cells.sigma, np.nan)
    with np.errstate(invalid="ignore"):
        found = np.floor(BINS * ndtr(-cells.error / spread))
    return np.where(np.isfinite(found), np.minimum(found, BINS - 1), -1).astype(np.int64)


def pit_histogram(bins: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """(BINS,) number of cells in each bin, or their summed weight."""
    known = bins >= 0
    return np.bincount(bins[known], None if weights is None else weights[known], minlength=BINS)
