"""How far a prior's members are apart where the product cannot see them.

What members say alike of the product's cells, which they were taught on, they may say differently of what lies within: Σ w (u − ū)²
of their unseen details u, weights w and mean ū, is the part of the prior's own error that shows without any truth (Lakshminarayanan
et al. 2017, arXiv 1612.01474, for members of an ensemble).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.parts import FittedPrior


def disagreement(
    prior: FittedPrior, domain: Domain, month: Month, mean: np.ndarray, of: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray | None:
    """(s n_lat, s n_lon) mm², Σ w (u − ū)² over the members of a prior; None where it has fewer than two.

    Args:
        prior: whose members, if it has any, are `members`, each with a `weight` and a `prior`.
        domain: that it is asked in.
        month: for which.
        mean: (s n_lat, s n_lon) f of the prior, mm.
        of: a field to its unseen detail, linear.
    """
    members = getattr(prior, "members", ())
    if len(members) < 2:
        return None
    total = np.zeros(domain.fine.shape)
    for member in members:
        own = np.nan_to_num(np.asarray(member.prior.predict(domain, month).mean, dtype=float))
        total += member.weight * of(own - np.nan_to_num(np.asarray(mean, dtype=float))) ** 2
    return total / sum(member.weight for member in members)
