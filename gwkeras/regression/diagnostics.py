"""How well a regression with local coefficients fits, and whether its coefficients really vary.

The local fit is ŷ = S y with row i of S  (x_i ∘ w_i)ᵀ (XᵀX)⁻¹ Xᵀ, w_i the local weights (Du et al. 2020,
doi 10.1080/13658816.2019.1707834). S has the rank of X, so that all traces cost O(n k²) and no n × n matrix is formed. Tests
after Leung, Mei & Zhang (2000, doi 10.1068/a3162). They take the weights for given, though a network has learned them from the
same values: judge by rows that were held out, and take p-values for a lower bound. With the weights given the degrees of freedom
of F2's numerator, tr A = −‖S − H‖², are never positive (H is least squares' own S); their size stands for them. Likewise the
weights cancel out of F3, whether one coefficient varies: it is the square of the global coefficient's t, by the local fit's
residuals. What a coefficient's variation is worth is told by rows that were held out (`gwkeras.regression.variation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution

_SAME = 1e-12  # of the rows: local coefficients that differ less from the global ones are the same


@dataclass(frozen=True)
class Diagnostics:
    """Of a fit on the rows it was made from.

    Args:
        rows: n.
        r2: share of the variance explained.
        rmse: √(RSS / n), in the unit of the values.
        r2_least_squares: of global least squares.
        rmse_least_squares: likewise.
        effective_parameters: tr S.
        aicc: Akaike's criterion, corrected for few rows; less is better.
        f1: residual variance against that of least squares; well below 1: the local fit is better.
        f1_p: probability of so small an F1 were the coefficients the same everywhere.
        f2: variance that the local fit explains beyond least squares, against the residual variance of least squares; NaN where
            both are the same.
        f2_p: probability of so large an F2, likewise.
        f3: of each coefficient, the constant last: the variance of its local values against what noise gives them; NaN where it
            does not vary.
        f3_p: probability of so large an F3, likewise.
    """

    rows: int
    r2: float
    rmse: float
    r2_least_squares: float
    rmse_least_squares: float
    effective_parameters: float
    aicc: float
    f1: float
    f1_p: float
    f2: float
    f2_p: float
    f3: tuple[float, ...]
    f3_p: tuple[float, ...]


def diagnose(design: np.ndarray, inverse: np.ndarray, weights: np.ndarray, values: np.ndarray, fitted: np.ndarray) -> Diagnostics:
    """The diagnostics.

    Args:
        design: (n, k) X.
        inverse: (k, k) (XᵀX)⁻¹.
        weights: (n, k) w, local coefficients over global ones.
        values: (n,) y.
        fitted: (n,) ŷ.
    """
    n = len(values)
    columns = round(float(np.trace(inverse @ (design.T @ design))))  # the rank of X
    global_fit = design @ (inverse @ (design.T @ values))
    local, alone = float(((values - fitted) ** 2).sum()), float(((values - global_fit) ** 2).sum())
    whole = float(((values - values.mean()) ** 2).sum())
    left = (design * weights) @ inverse  # S = left Xᵀ
    trace = float(np.einsum("nk,nk->", left, design))
    squared = float(np.einsum("nk,nk->", left @ (design.T @ design), left))  # tr SᵀS = tr left XᵀX leftᵀ
    # (1 − S)ᵀ(1 − S) = 1 + U C Uᵀ with U = [left, X] and Sᵀ S = X (leftᵀ left) Xᵀ.
    k = design.shape[1]
    basis = np.concatenate([left, design], axis=1)
    gram = basis.T @ basis
    core = np.block([[np.zeros((k, k)), -np.eye(k)], [-np.eye(k), left.T @ left]])
    delta1 = n - 2 * trace + squared
    turned = core @ gram
    delta2 = n + 2 * float(np.trace(turned)) + float(np.einsum("ij,ji->", turned, turned))
    # A = (1 − H) − (1 − S)ᵀ(1 − S) = U (−C − [[0, 0], [0, (XᵀX)⁻¹]]) Uᵀ
    beyond = -core
    beyond[k:, k:] -= inverse
    turned = beyond @ gram
    nu1, nu2 = float(np.trace(turned)), float(np.einsum("ij,ji->", turned, turned))
    freedom = n - columns
    noise = alone / freedom if freedom > 0 and alone > _SAME * whole else np.nan  # nothing to compare with where all is told
    f1 = local / delta1 / noise
    # Values become local coefficients by w_k ⊗ row k of (XᵀX)⁻¹Xᵀ: so Leung et al.'s γ₁ = |w_k − w̄_k|² (XᵀX)⁻¹_kk / n, γ₂ = γ₁²,
    # and V_k² = β_k² |w_k − w̄_k|² / n.
    varies = weights.var(axis=0) > _SAME
    squares = (inverse @ (design.T @ values)) ** 2
    own_noise = np.diag(inverse) * local / delta1
    f3 = np.divide(squares, own_noise, out=np.full(k, np.nan), where=varies & (own_noise > 0))
    f2 = (alone - local) / abs(nu1) / noise if abs(nu1) > _SAME * n else np.nan
    return Diagnostics(
        rows=n,
        r2=_share(local, whole),
        rmse=float(np.sqrt(local / n)),
        r2_least_squares=_share(alone, whole),
        rmse_least_squares=float(np.sqrt(alone / n)),
        effective_parameters=trace,
        aicc=corrected_aic(local, n, trace),
        f1=f1,
        f1_p=float(f_distribution.cdf(f1, delta1**2 / delta2, freedom)),
        f2=f2,
        f2_p=float(f_distribution.sf(f2, nu1**2 / nu2, freedom)),
        f3=tuple(f3.tolist()),
        f3_p=tuple(f_distribution.sf(f3, 1, delta1**2 / delta2).tolist()),
    )


def corrected_aic(squares: float, rows: int, parameters: float) -> float:
    """n [ln(2π σ̂²) + (n + S) / (n − S − 2)], σ̂² = RSS / n; infinite where the parameters are too many for the rows.

    Args:
        squares: RSS.
        rows: n.
        parameters: S, the trace of what turns values into fitted values.

    >>> round(corrected_aic(10.0, 10, 2.0), 3)  # 10 (ln 2π + 12 / 6)
    38.379
    """
    if rows - parameters - 2 <= 0:
        return float("inf")
    return float(rows * (np.log(2 * np.pi * max(squares, 1e-300) / rows) + (rows + parameters) / (rows - parameters - 2)))


def _share(left: float, whole: float) -> float:
    return 1.0 - left / whole if whole > 0 else float("nan")
