"""How much local coefficients vary, and what that is worth on rows that were held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Variation:
    """Of each coefficient, the constant last; each (p + 1,).

    Args:
        deviation: standard deviation of the local values over the rows, in the predictors' own units.
        rise: share by which the mean square error on rows held out rises where the coefficient has its mean everywhere; 0 or
            less: its variation tells nothing. NaN where no rows are held out.
    """

    deviation: np.ndarray
    rise: np.ndarray


def rise_of_error(design: np.ndarray, local: np.ndarray, values: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(k,) share by which the mean square error rises where one coefficient has its mean; NaN where there is no error.

    Args:
        design: (m, k) X of rows that were held out.
        local: (m, k) coefficients at these rows.
        values: (m,).
        means: (k,) of the coefficients over the rows that were learned from.
    """
    errors = values - np.einsum("mk,mk->m", local, design)
    held = errors[:, None] + design * (local - means)
    whole = float((errors**2).mean())
    return (held**2).mean(axis=0) / whole - 1.0 if whole > 0 else np.full(len(means), np.nan)
