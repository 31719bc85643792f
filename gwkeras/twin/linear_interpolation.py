"""Linear interpolation between regular axes, as a matrix."""

from __future__ import annotations

import numpy as np


def linear_weights(centres: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Linear interpolation matrix (target, centre); beyond the outermost centres their values stay.

    Args:
        centres: where values are known, evenly spaced, ascending.
        targets: where they are wanted.
    """
    step = centres[1] - centres[0] if len(centres) > 1 else 1.0
    position = np.clip((targets - centres[0]) / step, 0, len(centres) - 1)
    low = np.minimum(position.astype(int), max(len(centres) - 2, 0))
    high = np.minimum(low + 1, len(centres) - 1)
    matrix = np.zeros((len(targets), len(centres)))
    matrix[np.arange(len(targets)), low] += 1 - (position - low)
    matrix[np.arange(len(targets)), high] += position - low
    return matrix
