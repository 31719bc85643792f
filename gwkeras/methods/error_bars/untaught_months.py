"""Whether σ has to be larger in months that the prior was not taught on: a class of its own, where there are data for it.

Errors of held-out product in validation months, against those in training months, tell it at the product's scale; half of it, in
the logarithm, carries over to fine cells (on 17 tuning worlds the two have a correlation of 0.7). A class of fewer groups than a
conformal quantile needs is not told apart (classes kept apart are Mondrian: Vovk, Gammerman & Shafer 2005, doi 10.1007/b106715).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.core.error_bars.group_quantile import groups_needed

CARRIED = 0.5
"""Power with which the ratio of mean squares counts for fine cells: set on tuning worlds."""

_RANGE = (0.7, 1.4)  # of the factor on σ


def untaught_factor(untaught: Sequence[np.ndarray], taught: Sequence[np.ndarray], probability: float) -> tuple[float, str]:
    """Factor on σ, and one phrase on what it comes from.

    Args:
        untaught: |error| / σ of held-out product in months that the prior was not taught on, one array a group.
        taught: the same of months that it was.
        probability: of the intervals, which says how many groups a class needs.
    """
    needed = groups_needed(probability)
    if min(len(untaught), len(taught)) < needed:
        few = min(len(untaught), len(taught))
        return 1.0, f"{few} groups are too few ({needed} are needed) to scale σ separately outside the training months"
    squares = [np.mean([np.mean(np.square(group, dtype=float)) for group in groups]) for groups in (untaught, taught)]
    factor = float(np.clip((squares[0] / max(squares[1], 1e-12)) ** (CARRIED / 2), *_RANGE))
    return factor, f"σ × {factor:.2f} outside the training months, from {len(untaught)} of these groups"
