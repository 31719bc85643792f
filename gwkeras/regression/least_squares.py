"""Global least squares, that local coefficients depart from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

_RANK = 1e-10  # of the largest singular value, below which columns are taken for combinations of others


class CollinearPredictors(UserWarning):
    """Predictors are linear combinations of others, so that their coefficients are not determined one by one."""


@dataclass(frozen=True)
class Scaling:
    """Predictors in standard deviations, with a column of ones behind them.

    Args:
        means: (p,).
        deviations: (p,) 1 for what does not vary.
    """

    means: np.ndarray
    deviations: np.ndarray

    @classmethod
    def of(cls, predictors: np.ndarray) -> Scaling:
        """(n, p) rows to learn from."""
        deviations = predictors.std(axis=0) if len(predictors) else np.ones(predictors.shape[1])
        still = deviations <= 1e-12 * np.maximum(np.abs(predictors).max(axis=0, initial=0.0), 1e-300)
        return cls(predictors.mean(axis=0), np.where(still, 1.0, deviations))

    def __call__(self, predictors: np.ndarray) -> np.ndarray:
        """(n, p) -> (n, p + 1)."""
        scaled = (predictors - self.means) / self.deviations
        return np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)

    def in_raw_units(self, coefficients: np.ndarray) -> np.ndarray:
        """Coefficients (..., p + 1) of scaled predictors, as those of predictors in their own units; the constant stays last."""
        slopes = coefficients[..., :-1] / self.deviations
        constant = coefficients[..., -1] - slopes @ self.means
        return np.concatenate([slopes, constant[..., None]], axis=-1)


def least_squares(design: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """β that minimises |X β − y|², the shortest where columns of X are combinations of others; and (XᵀX)⁻¹.

    Args:
        design: (n, k) X, its last column 1.
        values: (n,) y.
    Returns: (k,) and (k, k).
    """
    left, singular, right = np.linalg.svd(design, full_matrices=False)
    kept = singular > _RANK * max(float(singular.max(initial=0.0)), 1e-300)
    inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=kept)
    varying = int((design.std(axis=0) > 0).sum()) + 1
    if kept.sum() < min(varying, len(design)):
        warnings.warn(
            f"{varying - int(kept.sum())} of {design.shape[1] - 1} predictors are linear combinations of others: "
            "their coefficients are the shortest that fit; leave them out to read coefficients one by one",
            CollinearPredictors,
            stacklevel=3,
        )
    return right.T @ (inverse * (left.T @ values)), (right.T * inverse**2) @ right
