"""What a ridge or a stack of priors predicts from: the weighted sum of what its members' inputs add (Shapley values are linear).

A ridge tells its memories one by one, in closed form, against their mean over the training months. Any other member tells each
channel as a whole, and the maps, by coalitions, against the usual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gwkeras.analysis.attribution.coalitions import MOST_GROUPS, Attribution, shapley
from gwkeras.analysis.attribution.ridge import ridge_contributions
from gwkeras.analysis.attribution.usual_inputs import PRODUCT, groups_of, with_usual
from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.priors.ridge.fitted import FittedRidge
from gwkeras.methods.priors.stacking.fitted_stack import FittedStack, Member


def members_of(prior: FittedPrior | None) -> tuple[Member, ...]:
    """The members of a stack that count, a ridge as its own one; empty for any other prior, and for one that is 0."""
    if isinstance(prior, FittedRidge):
        return (Member(0, 1.0, prior),)
    return prior.members if isinstance(prior, FittedStack) else ()


def stack_attribution(
    members: Sequence[Member],
    domain: Domain,
    months: Sequence[Month],
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Attribution:
    """Contributions to f in every fine cell, (feature, month, s n_lat, s n_lon) mm, float64.

    Args:
        members: of `members_of`.
        domain: with the channels and maps that they were taught with.
        months: of the domain.
        cache: folder for climates that are in part as usual.
        progress: called with the number of coalitions done and in all, of each member that is no ridge.
    Raises: BadInput: where the domain lacks a channel or a map, or has too many groups of inputs.
    """
    parts: dict[str, np.ndarray] = {}
    usual, predicted = np.zeros((2, len(months), *domain.fine.shape))
    for member in members:
        if isinstance(member.prior, FittedRidge):
            found = _by_memory(member.prior, domain, months)
        else:
            found = _by_channel(member.prior, domain, months, cache, progress)
        usual += member.weight * found.usual
        predicted += member.weight * found.predicted
        for name, values in zip(found.names, found.values, strict=True):
            parts[name] = parts.get(name, 0.0) + member.weight * values
    values = np.stack(list(parts.values())) if parts else np.zeros((0, *usual.shape))
    return Attribution(tuple(parts), values, usual, predicted)


def _by_memory(ridge: FittedRidge, domain: Domain, months: Sequence[Month]) -> Attribution:
    found = ridge_contributions(ridge, domain, months)
    predicted = _fields(ridge, domain, months)
    names = tuple(f"{channel}, {constant:g} months" for channel in found.channels for constant in found.time_constants)
    return Attribution(names, found.values.reshape(-1, *predicted.shape), np.zeros(predicted.shape), predicted)


def _by_channel(
    prior: FittedPrior, domain: Domain, months: Sequence[Month], cache: Path, progress: Callable[[int, int], None]
) -> Attribution:
    as_it_is, without = (_fields(prior, each, months) for each in (domain, with_usual(domain, [PRODUCT], cache)))
    unused = {PRODUCT} if np.array_equal(as_it_is, without) else set()
    names = [name for name in groups_of(domain) if name not in unused]
    if len(names) > MOST_GROUPS:
        expected = f"at most {MOST_GROUPS} groups of inputs"
        raise BadInput("gwkeras explain", expected=expected, found=str(len(names)), remedy="give fewer climate channels")

    def asked(as_they_are: frozenset[str]) -> np.ndarray:
        return _fields(prior, with_usual(domain, [name for name in names if name not in as_they_are], cache), months)

    return shapley(names, asked, progress)


def _fields(prior: FittedPrior, domain: Domain, months: Sequence[Month]) -> np.ndarray:
    """(M, s n_lat, s n_lon) mm; 0 at sea."""
    return np.stack(list(PriorFields(prior, domain, months).values()))
