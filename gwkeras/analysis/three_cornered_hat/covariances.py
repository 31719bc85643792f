"""Error covariances of products from their differences: the three-cornered hat, classical and generalised.

Sources: Premoli & Tavella 1993, doi 10.1109/19.206671; Ferreira et al. 2016, doi 10.1117/1.JRS.10.015015 (for GRACE).
"""

from __future__ import annotations

import numpy as np

_ROUNDS = 80  # of bisection: the multiplier's logarithm is then known to rounding
_LEAST, _MOST = -12.0, 10.0  # of that logarithm, with differences scaled to a variance of 1
_SMALL = 1e-9  # of the largest eigenvalue: below that differences are no longer independent


def difference_covariance(series: np.ndarray) -> np.ndarray:
    """(..., N − 1, N − 1) covariance of the differences from the last product.

    Args:
        series: (..., N, months) of the same months, all known.
    """
    differences = series[..., :-1, :] - series[..., -1:, :]
    centred = differences - differences.mean(axis=-1, keepdims=True)
    return centred @ np.swapaxes(centred, -1, -2) / (series.shape[-1] - 1)


def depends(covariance: np.ndarray) -> np.ndarray:
    """(...,) whether a product is a mean or another combination of the others, or a copy: then nothing can be told.

    Args:
        covariance: (..., N − 1, N − 1) of differences.
    """
    values = np.linalg.eigvalsh(covariance)
    return values[..., 0] <= _SMALL * np.abs(values[..., -1])


def classical(covariance: np.ndarray) -> np.ndarray:
    """(..., N) error variances if errors are uncorrelated: least squares of Var(x_i − x_j) = r_i + r_j; may be negative.

    For three products these are the closed forms r₁ = ½ (V₁₂ + V₁₃ − V₂₃).

    Args:
        covariance: (..., N − 1, N − 1) of differences from the last product.
    """
    count = covariance.shape[-1] + 1
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    design = np.zeros((len(pairs), count))
    variances = []
    for row, (i, j) in enumerate(pairs):
        design[row, [i, j]] = 1.0
        own = covariance[..., i, i]
        variances.append(own if j == count - 1 else own + covariance[..., j, j] - 2.0 * covariance[..., i, j])
    return np.stack(variances, axis=-1) @ np.linalg.pinv(design).T


def generalised(covariance: np.ndarray) -> np.ndarray:
    """(..., N, N) error covariances: of all that fit the differences and are positive, those with the least covariances.

    Minimises Σ_{i<j} r_ij² subject to r_NN − (r − r_NN u)ᵀ S⁻¹ (r − r_NN u) ≥ 0, with r the last column and u ones (Premoli &
    Tavella's objective and constraint, less their constant factor). Both are convex in r, so the minimum is the stationary point
    of objective + λ constraint at the one λ ≥ 0 where the constraint holds; λ is found by bisection, for all cells at once.

    Args:
        covariance: (..., N − 1, N − 1) of differences from the last product, positive definite.
    """
    s = np.asarray(covariance, float)
    count = s.shape[-1] + 1
    scale = np.trace(s, axis1=-2, axis2=-1)[..., None, None] / (count - 1)
    s = s / scale
    rows, constants = _covariances_of(s)
    objective = rows.T @ rows
    slope = constants @ rows  # (..., N)
    to_reference = np.concatenate([np.eye(count - 1), -np.ones((count - 1, 1))], axis=1)
    bound = to_reference.T @ np.linalg.inv(s) @ to_reference
    last = np.zeros(count)
    last[-1] = 1.0

    def solution(multiplier: np.ndarray) -> np.ndarray:
        weight = multiplier[..., None]
        right = -slope + weight * last / 2.0
        return np.linalg.solve(objective + weight[..., None] * bound, right[..., None])[..., 0]

    def excess(r: np.ndarray) -> np.ndarray:
        return np.einsum("...i,...ij,...j->...", r, bound, r) - r[..., -1]

    low, high = np.full(s.shape[:-2], _LEAST), np.full(s.shape[:-2], _MOST)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        outside = excess(solution(10.0**middle)) > 0
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    free = solution(np.full(s.shape[:-2], 1e-12))
    r = np.where((excess(free) <= 0)[..., None], free, solution(10.0**high))
    return _matrix(s, r) * scale


def _covariances_of(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows A and constants b with r_ij = A r + b, for all i < j: r_ij = s_ij − r_NN + r_iN + r_jN."""
    count = s.shape[-1] + 1
    rows, constants = [], []
    for i in range(count):
        for j in range(i + 1, count):
            row = np.zeros(count)
            row[i] = 1.0
            if j < count - 1:
                row[j], row[-1] = 1.0, -1.0
            rows.append(row)
            constants.append(s[..., i, j] if j < count - 1 else np.zeros(s.shape[:-2]))
    return np.array(rows), np.stack(constants, axis=-1)


def _matrix(s: np.ndarray, r: np.ndarray) -> np.ndarray:
    inner = s - r[..., -1, None, None] + r[..., :-1, None] + r[..., None, :-1]
    upper = np.concatenate([inner, r[..., :-1, None]], axis=-1)
    return np.concatenate([upper, r[..., None, :]], axis=-2)


def best_weights(errors: np.ndarray) -> np.ndarray:
    """(..., N) weights in inverse proportion to error variances, with a sum of 1.

    Covariances are left out: between products of the same satellites they are the least certain part.

    Args:
        errors: (..., N, N) error covariances.
    """
    variances = np.maximum(np.diagonal(errors, axis1=-2, axis2=-1), 1e-12 * np.trace(errors, axis1=-2, axis2=-1)[..., None])
    inverse = 1.0 / np.maximum(variances, np.finfo(float).tiny)
    return inverse / inverse.sum(axis=-1, keepdims=True)
