"""Errors of a method's months, drawn: alike in space as kriging's errors are, and from month to month as held-out errors are.

A month's draw is a mixture of simulated errors, whose weights go through the months. Mixtures of Normal draws are Normal, so each
month costs a product of matrices, and no new simulation.
"""

from __future__ import annotations

import numpy as np

from gwkeras.domain.domain import Domain
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.persistence import Course, PartlyNew, Persistence
from gwkeras.methods.error_bars.unseen_draws import UnseenDraws
from gwkeras.methods.updates.kriging.error_parts import ErrorParts, error_parts
from gwkeras.methods.updates.kriging.fitted import FittedKriging

_POOL = 200  # simulated errors that are mixed; their sample covariance is known to 7 %


def parts_of(method: Composition, domain: Domain, known: np.ndarray, count: int, seed: int) -> ErrorParts:
    """Simulated errors of a method's months in which the same product cells are known.

    Args:
        method: of a prior and kriging.
        domain: that it is applied to.
        known: (n_lat, n_lon) bool, the product's cells with a value.
        count: of draws.
        seed: of the random numbers.
    Raises: BadInput: where the region is too large to simulate.
    """
    assert isinstance(method.update, FittedKriging)
    update, detail = method.update.on(domain), method.detail
    together = update.together(domain)
    if detail is None:
        return error_parts(update, known, count, seed, together=together)
    own, noise = UnseenDraws.of(method.prior, detail, domain), detail.noise
    return error_parts(update, known, count, seed, scale=detail.scale, detail=own.draw, correlation=noise, together=together)


def persistences_of(method: Composition, domain: Domain) -> tuple[Persistence, Persistence, PartlyNew]:
    """How long what the update cannot see lasts, what the prior gets wrong of its own detail, and the product's noise.

    Args:
        method: of a prior and kriging.
        domain: that it is applied to.
    """
    assert isinstance(method.update, FittedKriging)
    detail, together = method.detail, method.update.on(domain).together(domain)
    noise = PartlyNew(Persistence.usual())
    if together is not None and not together.update.region.pinned:
        noise = PartlyNew.of(together.months, together.mistaken_lags)
    if detail is None:
        return Persistence.usual(), Persistence.usual(), noise
    return detail.persistence, detail.detail_persistence, noise


class ErrorDraws:
    """Draws of the errors of consecutive months.

    Args:
        method: of a prior and kriging.
        domain: that it is applied to.
        count: of draws.
        seed: of the random numbers.
    """

    def __init__(self, method: Composition, domain: Domain, count: int, seed: int) -> None:
        self._method, self._domain, self._seed = method, domain, seed
        self._rng = np.random.default_rng([seed, 1])
        *lasting, noise = persistences_of(method, domain)
        self._new = noise.new
        self._courses = [
            Course(persistence, (count, _POOL), np.random.default_rng([seed, 2 + number]))
            for number, persistence in enumerate((*lasting, noise.lasting))
        ]
        self._parts: tuple[bytes, ErrorParts] | None = None

    def of(self, observed: np.ndarray, sigma: np.ndarray, month: int) -> np.ndarray:
        """(draws, s n_lat, s n_lon) mm.

        Args:
            observed: (n_lat, n_lon) mm, the product of the month; NaN where it is unknown.
            sigma: (s n_lat, s n_lon) mm, standard error of the month; NaN where it is unknown.
            month: its number, later than the one before.
        """
        known = np.isfinite(observed) & (self._domain.land > 0)
        if self._parts is None or self._parts[0] != known.tobytes():
            self._parts = known.tobytes(), parts_of(self._method, self._domain, known, _POOL, self._seed)
        parts, (*lasting, averaged) = self._parts[1], [course.at(month) for course in self._courses]
        noise = np.sqrt(1 - self._new) * averaged + np.sqrt(self._new) * self._rng.standard_normal(averaged.shape)
        shape = parts.unseen.shape
        found = sum(
            size.ravel() * ((weights / np.sqrt(_POOL)).astype(np.float32) @ part.reshape(shape[0], -1))
            for weights, part, size in zip((*lasting, noise), parts, parts.sizes(sigma), strict=True)
        )
        return np.asarray(found).reshape(-1, *shape[1:])
