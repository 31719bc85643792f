"""How well mean and variance explain the target: eq. 11 and two alternatives that do not give up on hard cells."""

from __future__ import annotations

import math

from keras import ops

from gwkeras.losses.distribution import HALF_LOG_TWO_PI, normal
from gwkeras.losses.masked import masked_mean


def nll(target, mean, variance, mask):
    """Eq. 11: ½ [log σ² + (μ − y)²/σ²], averaged over the cells that count.

    Args: target, mean: mm; variance: mm²; mask: bool; all (batch, H, W, 1). The target must be finite everywhere.
    Returns: (batch,).
    """
    return masked_mean(_cell_nll(target, mean, variance), mask)


def beta_nll(target, mean, variance, mask, beta: float = 0.5):
    """Eq. 11 with each cell weighted by sg(σ^2β) (Seitzer et al. 2022, arXiv 2203.09168).

    β = 0 is eq. 11, which learns least where it errs most; β = 1 gives the mean the gradient of a squared error.
    Not invariant to units: give arguments in units of the target's detail.
    """
    weight = ops.stop_gradient(ops.power(variance, beta))
    return masked_mean(weight * _cell_nll(target, mean, variance), mask)


def crps(target, mean, variance, mask):
    """Continuous ranked probability score of a Normal: σ [z (2Φ(z) − 1) + 2φ(z) − 1/√π].

    Source: Gneiting et al. 2005, doi 10.1175/MWR2904.1. In the unit of the target.
    """
    sigma = ops.sqrt(variance)
    z = (target - mean) / sigma
    density = ops.exp(-0.5 * ops.square(z)) / math.sqrt(2.0 * math.pi)
    score = sigma * (z * ops.erf(z / math.sqrt(2.0)) + 2.0 * density - 1.0 / math.sqrt(math.pi))
    return masked_mean(score, mask)


def _cell_nll(target, mean, variance):
    return -normal(mean, ops.sqrt(variance)).log_prob(target) - HALF_LOG_TWO_PI
