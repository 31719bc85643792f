"""The Gaussian kernel between two parallels as a cosine series in longitude."""

from __future__ import annotations

import numpy as np
from scipy.special import i0e, ive

NEGLIGIBLE = 1e-12  # of the kernel's peak


def orders_needed(largest: float) -> int:
    """The highest order that a series with arguments up to `largest` needs, for terms of `NEGLIGIBLE` size to be left out."""
    upper = int(np.ceil(4.0 * np.sqrt(-2.0 * np.log(NEGLIGIBLE) * largest))) + 64
    terms = 2.0 * ive(np.arange(upper), largest)
    return int(np.flatnonzero(terms >= 0.1 * NEGLIGIBLE)[-1]) + 1


def zonal_coefficients(sharpness: float, lat: np.ndarray, other: np.ndarray, every: int, count: int) -> np.ndarray:
    """c with W(ψ) = Σₖ cₖ cos(`every` · k · Δλ) for points on two parallels.

    exp(−b (1 − cos ψ)) = exp(−b (1 − cos(φ − φ'))) · exp(z (cos Δλ − 1)), z = b cos φ cos φ', and
    exp(z cos Δλ) = I₀(z) + 2 Σ Iₖ(z) cos(k Δλ) (DLMF 10.35.2). With `every` = p > 1 only each p-th term is taken, p times:
    that is the same kernel repeated p times around the circle.

    Args:
        sharpness: b.
        lat: (n,) latitudes, radians.
        other: (m,) latitudes, radians.
        every: p.
        count: number of terms; those beyond must be negligible, since the recurrence starts there from an estimate.
    Returns: (count, n, m).
    """
    z = sharpness * np.maximum(np.cos(lat), 0.0)[:, None] * np.maximum(np.cos(other), 0.0)[None, :]
    across = np.exp(-2.0 * sharpness * np.sin((lat[:, None] - other[None, :]) / 2.0) ** 2)
    last = every * (count - 1)
    # Ratios Iₖ / Iₖ₋₁ by backward recurrence (DLMF 10.29.1), which is stable and, unlike the Iₖ themselves, never over- or
    # underflows; begun with the bound of Amos (1974), doi 10.1090/S0025-5718-1974-0333287-7.
    ratios = np.empty((last + 1, *z.shape))
    ratio = z / (last + 1.5 + np.sqrt((last + 1.5) ** 2 + z**2))
    for order in range(last, 0, -1):
        ratio = z / (2.0 * order + z * ratio)
        ratios[order] = ratio
    coefficients = np.empty((count, *z.shape))
    term = every * across * i0e(z)
    coefficients[0] = term
    for order in range(1, last + 1):
        term = term * ratios[order]
        if order % every == 0:
            coefficients[order // every] = 2.0 * term
    return coefficients
