"""How far a prior's members are apart where the product cannot see them.

What members say alike of the product's cells, which they were taught on, they may say differently of what lies within. With their
unseen details u, weights w and mean ū, Σ w (u − ū)² is the part of the prior's own error that shows without any truth (as for
members of an ensemble: Lakshminarayanan et al. 2017, arXiv 1612.01474); what they have in common does not show.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.prior_fields import PriorFields

Unseen = Callable[[np.ndarray], np.ndarray]
"""A field to what the product cannot see of it; linear."""


def has_members(prior: FittedPrior) -> bool:
    """Whether a prior is made of two others or more: `members`, each with a `weight` and a `prior`."""
    return len(getattr(prior, "members", ())) > 1


def departures(prior: FittedPrior, domain: Domain, month: Month, of: Unseen) -> np.ndarray:
    """(k, s n_lat, s n_lon) mm; the sum of their squares is Σ w (u − ū)².

    Args:
        prior: that has members.
        domain: that it is asked in.
        month: for which.
        of: f to u.
    """
    members = prior.members  # type: ignore[attr-defined]
    weights = np.array([member.weight for member in members])
    weights = weights / weights.sum()
    own = [PriorFields(member.prior, domain, (month,))[month] for member in members]
    if len(own) == 2:  # w₁ w₂ (u₁ − u₂)²: one field to be seen instead of two
        return np.sqrt(weights.prod()) * of(own[0] - own[1])[None]
    mean = np.tensordot(weights, np.stack(own), axes=1)
    return np.stack([np.sqrt(weight) * of(field - mean) for weight, field in zip(weights, own, strict=True)])
