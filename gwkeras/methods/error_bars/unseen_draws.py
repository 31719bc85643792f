"""Draws of the prior's own error where the product cannot see it.

Its variance is γ² A (`gwkeras.methods.error_bars.unseen_detail`). It is taken to be wrong about the size of its detail, here too
much and there too little: months' unseen detail u times smooth random fields z,

    w = γ / √J · Σⱼ zⱼ uⱼ,

so that errors of neighbouring cells go together as the detail does, and those of places some lengths apart do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.error_bars.disagreement import departures, has_members
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail, local_mean_square, unseen
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.updates.kriging.simulation import Simulation

LENGTH_KM = 150.0
"""Of z, a Gaussian covariance: what errors of basins of 10,000 to 200,000 km² on tuning worlds ask for; 75 km says too little."""

_MONTHS = 24  # whose detail is mixed
_MIXED = 6  # months in one draw
_REACH = 4.0  # lengths
_NOTHING = 1e-6  # of the largest mean square: detail that is not there cannot be drawn larger


@dataclass(frozen=True)
class UnseenDraws:
    """Draws of w.

    Args:
        fields: (months, s n_lat, s n_lon) u, mm.
        share: γ², or δ².
        simulation: of z.
    """

    fields: np.ndarray
    share: float
    simulation: Simulation

    @classmethod
    def of(cls, prior: FittedPrior, detail: UnseenDetail, domain: Domain) -> UnseenDraws:
        """Of a fitted prior in a domain.

        Args:
            prior: f.
            detail: says how wrong it is.
            domain: where it is asked for.
        """
        months: Sequence[Month] = list(domain.calendar)
        chosen = np.unique(np.linspace(0, len(months) - 1, _MONTHS).astype(int))
        if detail.apart and has_members(prior):  # a month's departures by turns, each as much larger as there are of them
            apart = [departures(prior, domain, months[k], partial(unseen, domain)) for k in chosen]
            fields = np.concatenate([np.sqrt(len(of_month)) * of_month for of_month in apart])
        else:
            fields = np.stack([unseen(domain, prior.predict(domain, months[k]).mean) for k in chosen])
        if detail.anywhere:  # as large as σ has it, which counts what is around, too
            own = np.mean([local_mean_square(domain, field) for field in fields], axis=0)
            some = own > _NOTHING * own.max(initial=0.0)
            fields *= np.sqrt(np.divide(detail.size(domain, own), own, out=np.zeros(own.shape), where=some))
        fields = fields.astype(np.float32)
        spread = Simulation.of(domain.fine, lambda squared: np.exp(-squared / (2 * LENGTH_KM**2)), _REACH * LENGTH_KM)
        return cls(fields, detail.apart or detail.share, spread)

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """(count, s n_lat, s n_lon) mm, at sea 0.

        Args:
            rng: for them.
            count: of draws.
        """
        found = np.zeros((count, *self.fields.shape[1:]))
        if not self.fields.any():
            return found
        for _ in range(_MIXED):
            months = rng.integers(len(self.fields), size=count)
            found += self.simulation.draw(rng, count) * self.fields[months]
        return np.sqrt(self.share / _MIXED) * found
