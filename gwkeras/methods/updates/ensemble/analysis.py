"""What observations make of an ensemble: the transform of Hunt, Kostelich & Szunyogh (2007, doi 10.1016/j.physd.2006.11.008).

With members X = x̄ 1ᵀ + X′, what the product would show of them Y = ȳ 1ᵀ + Y′, N of them, and d = G − ȳ:

    P̃ = [(N − 1) 1 + Y′ᵀ R⁻¹ Y′]⁻¹,    W = P̃ Y′ᵀ R⁻¹ d 1ᵀ + [(N − 1) P̃]^½,    Xᵃ = x̄ 1ᵀ + X′ W

It is the Kalman filter with the ensemble's own covariance: mean and covariance of Xᵃ are x̄ + K d and (1 − K H) P.
"""

from __future__ import annotations

import numpy as np


def transform(seen: np.ndarray, missed: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """(N, N) W: each column is a member after the observations, as a mixture of departures from the mean.

    Args:
        seen: (N, m) Y′, whose sum over members is 0.
        missed: (m,) d.
        precision: (m, m) R⁻¹; an observation whose row and column are 0 counts for nothing.
    """
    count = len(seen)
    weighed = seen @ precision
    inner = weighed @ seen.T
    inner = (inner + inner.T) / 2
    inner[np.diag_indices(count)] += count - 1.0
    values, vectors = np.linalg.eigh(inner)
    mean = vectors @ ((vectors.T @ (weighed @ missed)) / values)
    spread = (vectors * np.sqrt((count - 1.0) / values)) @ vectors.T
    return spread + mean[:, None]


def gaspari_cohn(distance: np.ndarray) -> np.ndarray:
    """A correlation that is like a bell and exactly 0 from 2 on (Gaspari & Cohn 1999, doi 10.1002/qj.49712555417, eq. 4.10).

    Args:
        distance: in units of the half-width c; not negative.

    >>> gaspari_cohn(np.array([0.0, 1.0, 2.0])).round(4).tolist()
    [1.0, 0.2083, 0.0]
    """
    z = np.asarray(distance, dtype=float)
    near = 1.0 + z**2 * (-5 / 3 + z * (5 / 8 + z * (1 / 2 - z / 4)))
    far_off = np.maximum(z, 1.0)
    far = (
        4.0 - 5.0 * far_off + far_off**2 * (5 / 3 + far_off * (5 / 8 + far_off * (-1 / 2 + far_off / 12))) - 2.0 / (3.0 * far_off)
    )
    return np.where(z < 1.0, near, np.where(z < 2.0, np.maximum(far, 0.0), 0.0))
