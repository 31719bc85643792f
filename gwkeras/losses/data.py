"""How well mean and variance explain the target: eq. 11 and two alternatives that do not give up on hard cells."""

from __future__ import annotations

import math

from keras import ops

from gwkeras.losses.distribution import HALF_LOG_TWO_PI, normal
from gwkeras.losses.masked import masked_mean


def nll(target, mean, variance, mask):
    """Eq. 11: ½ [log σ² + (μ − y)²/σ²], averaged over the cells that count.

    Args:
        target: (batch, H, W, 1) mm, finite everywhere.
        mean: (batch, H, W, 1) mm.
        variance: (batch, H, W, 1) mm².
        mask: (batch, H, W, 1) bool.
    Returns: (batch,).

    >>> import numpy as np
    >>> ones = np.ones((1, 2, 2, 1), "float32")
    >>> round(float(nll(3 * ones, ones, 4 * ones, ones > 0)[0]), 4)  # ½ (ln 4 + 4/4)
    1.1931
    """
    return masked_mean(_cell_nll(target, mean, variance), mask)


def beta_nll(target, mean, variance, mask, beta: float = 0.5):
    """Eq. 11 with each cell weighted by sg(σ^2β) (Seitzer et al. 2022, arXiv 2203.09168).

    β = 0 is eq. 11, which learns least where it errs most; β = 1 gives the mean the gradient of a squared error.
    Not invariant to units: give arguments in units of the target's detail.

    Args:
        target: (batch, H, W, 1), finite everywhere.
        mean: (batch, H, W, 1).
        variance: (batch, H, W, 1).
        mask: (batch, H, W, 1) bool.
        beta: from 0 to 1.
    Returns: (batch,).

    >>> import numpy as np
    >>> ones = np.ones((1, 2, 2, 1), "float32")
    >>> round(float(beta_nll(3 * ones, ones, 4 * ones, ones > 0, beta=0.5)[0]), 4)  # σ = 2 times eq. 11
    2.3863
    """
    weight = ops.stop_gradient(ops.power(variance, beta))
    return masked_mean(weight * _cell_nll(target, mean, variance), mask)


def crps(target, mean, variance, mask):
    """Continuous ranked probability score of a Normal: σ [z (2Φ(z) − 1) + 2φ(z) − 1/√π].

    Source: Gneiting et al. 2005, doi 10.1175/MWR2904.1. In the unit of the target.

    Args:
        target: (batch, H, W, 1), finite everywhere.
        mean: (batch, H, W, 1).
        variance: (batch, H, W, 1).
        mask: (batch, H, W, 1) bool.
    Returns: (batch,).

    >>> import numpy as np
    >>> ones = np.ones((1, 2, 2, 1), "float32")
    >>> round(float(crps(ones, ones, 4 * ones, ones > 0)[0]), 4)  # σ (√2 − 1)/√π where the mean is right
    0.4674
    """
    sigma = ops.sqrt(variance)
    z = (target - mean) / sigma
    density = ops.exp(-0.5 * ops.square(z)) / math.sqrt(2.0 * math.pi)
    score = sigma * (z * ops.erf(z / math.sqrt(2.0)) + 2.0 * density - 1.0 / math.sqrt(math.pi))
    return masked_mean(score, mask)


def _cell_nll(target, mean, variance):
    return -normal(mean, ops.sqrt(variance)).log_prob(target) - HALF_LOG_TWO_PI
