"""Conjugate gradients with a factor of an approximate inverse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from gwkeras.core.errors import BadInput

_PRECISE = 1e-6  # of the residual: below 1e-3 mm in what is carried to the fine grid
_MOST = 400  # products, after which the system is taken for one that cannot be solved


def conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray],
    right: np.ndarray,
    factor: sparse.csr_matrix | np.ndarray,
) -> np.ndarray:
    """x with K x = right, preconditioned by factorᵀ factor ≈ K⁻¹ (Hestenes & Stiefel 1952, doi 10.6028/jres.049.044).

    Args:
        product: K of a vector.
        right: (n,).
        factor: (n, n).
    Raises: BadInput: where K is not positive definite, or too many steps would be needed.
    """
    result = np.zeros_like(right)
    left, size = right.copy(), float(np.sqrt(right @ right))
    if size == 0.0:
        return result
    towards = factor.T @ (factor @ left)
    direction, power = towards, float(left @ towards)
    for _ in range(_MOST):
        moved = product(direction)
        curved = float(direction @ moved)
        if not curved > 0.0:  # not positive definite
            break
        step = power / curved
        result += step * direction
        left -= step * moved
        if float(np.sqrt(left @ left)) <= _PRECISE * size:
            return result
        towards = factor.T @ (factor @ left)
        before, power = power, float(left @ towards)
        direction = towards + power / before * direction
    raise BadInput(
        "kriging",
        expected=f"a covariance of {len(right)} product cells that can be solved",
        found=f"one not positive definite, or {float(np.sqrt(left @ left)) / size:.1e} of the residual after {_MOST} steps",
        remedy="raise update.least_noise_mm",
    )
