"""Shares of members that hold themselves back by held-out product: by what each explains of it, and by what it puts beside it.

Share = w (1 − g)⁻², together 1. g is what the member explains of held-out product, as a share of its power: one that leaves less
of it knows more. w is for what no product can contradict, below its cells or its filter. A member that puts far more there than
the others, and finds no support in them, is the likelier to be wrong: w minimises

    |Σ w u|² + 2 m Σ w²,    Σ w = 1,  w ≥ 0,

with u = f − I (H f) the member's unseen detail and m the smallest member's mean square of it. Without the second term the least
detail would win, and a member that is merely timid with it; with it, members that put alike count alike, and one that puts twice
as much as another, of which it knows nothing, counts half as much.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.error_bars.unseen_detail import unseen
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.prior_fields import PriorFields

_FEWEST_MONTHS, _MONTHS, _VALUES = 6, 24, 12_000_000  # evenly taken: fewer of a continent or the globe
_RESTRAINT = 2.0  # times m
_LEAST = 1e-6  # of all members' together: where one puts nothing there, as in a product that hides nothing
_LEAST_LEFT = 0.05  # of the held-out product: no member is known to be better


def unseen_gram(priors: Sequence[FittedPrior], domain: Domain, months: Sequence[Month]) -> np.ndarray:
    """(n, n) mm², means of u uᵀ over land and some of the months, weighted by area × land.

    Args:
        priors: n fitted members.
        domain: that they are asked in.
        months: of which some are looked at.
    """
    mass = (domain.fine.area * domain.land_fine).ravel()
    count = min(len(months), int(np.clip(_VALUES // mass.size, _FEWEST_MONTHS, _MONTHS)))
    some = [months[i] for i in np.unique(np.linspace(0, len(months) - 1, count).astype(int))]
    total = np.zeros((len(priors), len(priors)))
    for month in some:
        fields = [PriorFields(prior, domain, some)[month] for prior in priors]
        details = np.stack([unseen(domain, field).ravel() for field in fields])
        total += (details * mass) @ details.T
    return total / (mass.sum() * len(some))


def shares(gram: np.ndarray, explained: Sequence[float | None]) -> np.ndarray:
    """(n,) shares, none below 0, together 1.

    Args:
        gram: (n, n) of the members' unseen details.
        explained: g of each; where one does not tell, g does not count.

    >>> shares(np.diag([1.0, 4.0]), [None, None]).round(4).tolist()  # 4 + 2 to 1 + 2
    [0.6667, 0.3333]
    >>> shares(np.diag([1.0, 1.0]), [0.4, 0.7]).round(4).tolist()  # 0.3² to 0.6²
    [0.2, 0.8]
    """
    size = max(float(np.trace(gram)), np.finfo(float).tiny)
    held = gram / size + max(_RESTRAINT * float(gram.diagonal().min()) / size, _LEAST) * np.eye(len(gram))
    heavy = 1e4  # Σ w = 1 to a hundred-millionth
    matrix = np.vstack([np.linalg.cholesky(held).T, np.full(len(gram), heavy)])
    weights, _ = nnls(matrix, np.append(np.zeros(len(gram)), heavy))
    known = [g for g in explained if g is not None]
    if len(known) == len(gram):
        weights = weights / np.maximum(1.0 - np.array(known), _LEAST_LEFT) ** 2
    return weights / weights.sum()
