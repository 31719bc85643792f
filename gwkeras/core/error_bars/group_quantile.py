"""Quantiles that hold for a new group, from samples that come in groups.

Errors of neighbouring cells and months are alike, so thousands of them tell hardly more than a few; groups (a span of years of a
block of cells) are what can be exchanged for a new one. The quantile at probability p of

    Σₖ Σᵢ δ(sₖᵢ) / ((K + 1) Nₖ)  +  δ(∞) / (K + 1)

holds for a member of a new group with at least that probability, where groups are exchangeable (Lee, Barber & Willett 2023,
arXiv 2306.06342; Dunn, Wasserman & Ramdas 2018, arXiv 1809.07441).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def groups_needed(probability: float) -> int:
    """The least K with p ≤ K / (K + 1).

    >>> groups_needed(0.9)
    9
    """
    return math.ceil(probability / (1.0 - probability) - 1e-9)


def best_probability(groups: int) -> float:
    """K / (K + 1), the largest probability that so many groups vouch for.

    >>> best_probability(9)
    0.9
    """
    return groups / (groups + 1.0)


def group_quantiles(samples: Sequence[np.ndarray], probabilities: Sequence[float]) -> np.ndarray:
    """(p,) quantiles for a member of a new group; infinite where there are too few groups.

    Args:
        samples: one array a group, none empty.
        probabilities: between 0 and 1.
    """
    count = len(samples)
    values = np.concatenate([np.ravel(s) for s in samples]).astype(np.float64)
    weights = np.repeat([1.0 / ((count + 1) * s.size) for s in samples], [s.size for s in samples])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    position = np.searchsorted(reached, np.asarray(probabilities) - 1e-9)
    return np.append(values[order], np.inf)[position]
