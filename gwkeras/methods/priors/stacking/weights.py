"""Weights of several priors, none below 0 and together at most 1, from how they predict what they have not seen.

The share that is missing to 1 is no prior's: nothing is expected there, and all comes from the product (Breiman 1996, doi
10.1007/BF00117832, stacked regressions; the prior that is 0 everywhere is always among them).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from gwkeras.methods.priors.teaching.belief import is_believed, standard_error

_LEAST = 0.02  # weight below which a prior is not worth its time


@dataclass(frozen=True)
class HeldOut:
    """Sums over what was left out, part by part, of whitened values y and predictions f of n priors.

    Args:
        gram: (part, n, n) Σ f fᵀ.
        moment: (part, n) Σ f y.
        power: (part,) Σ y².
        fold: (part,) in which it was left out.
        place: (part,) its tile; parts of one tile are alike.
    """

    gram: np.ndarray
    moment: np.ndarray
    power: np.ndarray
    fold: np.ndarray
    place: np.ndarray

    def gains(self, weights: np.ndarray) -> np.ndarray:
        """(part,) share of the power that Σ w f explains.

        Args:
            weights: (n,), or (part, n).
        """
        w = np.broadcast_to(weights, self.moment.shape)
        explained = 2 * np.einsum("pn,pn->p", w, self.moment) - np.einsum("pn,pnm,pm->p", w, self.gram, w)
        return explained / np.where(self.power > 0, self.power, 1.0)

    @property
    def best_alone(self) -> np.ndarray:
        """(n,) the share that each explains at its own best weight, 0 … 1."""
        moment, own = self.moment.sum(axis=0), np.diag(self.gram.sum(axis=0))
        weights = np.where(own > 0, np.clip(moment / np.where(own > 0, own, 1.0), 0.0, 1.0), 0.0)
        return np.array([self.gains(row).mean() for row in np.diag(weights)])


@dataclass(frozen=True)
class Weights:
    """What the held-out parts say.

    Args:
        values: (n,); all 0 where nothing is believed.
        gain: share of the held-out power that the stack explains, its weights from the other folds.
        gain_error: its standard error.
        alone: (n,) the share that each explains at its own best weight.
    """

    values: np.ndarray
    gain: float
    gain_error: float
    alone: np.ndarray


def weigh(held_out: HeldOut) -> Weights:
    """The weights under which the stack misses the least of what was left out.

    Where the gain, with weights from the other folds, is not believed (`belief.py`), all are 0.

    Args:
        held_out: what was left out.
    """
    folds = np.unique(held_out.fold)
    other = np.empty_like(held_out.moment)
    for fold in folds:
        rest = held_out.fold != fold
        other[~rest] = solve_weights(held_out.gram[rest].sum(axis=0), held_out.moment[rest].sum(axis=0))
    gains = held_out.gains(other)
    gain, error = float(gains.mean()), standard_error(gains, held_out.fold, held_out.place)
    values = solve_weights(held_out.gram.sum(axis=0), held_out.moment.sum(axis=0))
    return Weights(values if is_believed(gain, error) else np.zeros(len(values)), gain, error, held_out.best_alone)


def solve_weights(gram: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """(n,) w that minimises wᵀ A w − 2 bᵀ w with w ≥ 0 and Σ w ≤ 1; weights below 0.02 are 0.

    Args:
        gram: (n, n) A.
        moment: (n,) b.
    """
    weights = _least(gram, moment)
    small = weights < _LEAST
    if small.any() and not small.all():
        kept = np.flatnonzero(~small)
        weights = np.zeros_like(weights)
        weights[kept] = _least(gram[np.ix_(kept, kept)], moment[kept])
    return np.where(weights < _LEAST, 0.0, weights)


def _least(gram: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """The same, small weights and all, by non-negative least squares on a square root of A."""
    size = max(float(np.trace(gram)), np.finfo(float).tiny)
    values, vectors = np.linalg.eigh(gram / size)
    root = np.sqrt(np.maximum(values, 1e-12))
    matrix, right = root[:, None] * vectors.T, (vectors.T @ moment) / root / size
    weights, _ = nnls(matrix, right)
    if weights.sum() <= 1:
        return weights
    heavy = 1e4  # Σ w = 1 to a hundred-millionth
    weights, _ = nnls(np.vstack([matrix, np.full(len(moment), heavy)]), np.append(right, heavy))
    return weights
