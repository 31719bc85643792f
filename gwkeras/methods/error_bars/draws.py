"""Errors of a method's months, drawn: alike in space as kriging's errors are, and from month to month as held-out errors are.

A month's draw is a mixture of simulated errors, whose weights go through the months. Mixtures of Normal draws are Normal, so each
month costs a product of matrices, and no new simulation.
"""

from __future__ import annotations

import numpy as np

from gwkeras.domain.domain import Domain
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.persistence import Course, Persistence
from gwkeras.methods.error_bars.unseen_draws import UnseenDraws
from gwkeras.methods.updates.kriging.error_parts import ErrorParts, error_parts
from gwkeras.methods.updates.kriging.fitted import FittedKriging

_POOL = 200  # simulated errors that are mixed; their sample covariance is known to 7 %


def parts_of(method: Composition, domain: Domain, known: np.ndarray, count: int, seed: int) -> ErrorParts:
    """Simulated errors of a method's months in which the same product cells are known, in units of σ.

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
    if detail is None:
        return error_parts(update, known, count, seed)
    own = UnseenDraws.of(method.prior, detail, domain)
    return error_parts(update, known, count, seed, scale=detail.scale, detail=own.draw, correlation=detail.noise)


def persistences_of(method: Composition) -> tuple[Persistence, Persistence]:
    """How long what the update cannot see lasts, and what the prior gets wrong of its own detail."""
    detail = method.detail
    return (Persistence.usual(),) * 2 if detail is None else (detail.persistence, detail.detail_persistence)


class ErrorDraws:
    """Draws of the errors of consecutive months, in units of σ.

    Args:
        method: of a prior and kriging.
        domain: that it is applied to.
        count: of draws.
        seed: of the random numbers.
    """

    def __init__(self, method: Composition, domain: Domain, count: int, seed: int) -> None:
        self._method, self._domain, self._seed = method, domain, seed
        self._rng = np.random.default_rng([seed, 1])
        self._courses = [
            Course(persistence, (count, _POOL), np.random.default_rng([seed, 2 + number]))
            for number, persistence in enumerate(persistences_of(method))
        ]
        self._parts: tuple[bytes, ErrorParts] | None = None

    def of(self, observed: np.ndarray, month: int) -> np.ndarray:
        """(draws, s n_lat, s n_lon) errors in units of σ.

        Args:
            observed: (n_lat, n_lon) mm, the product of the month; NaN where it is unknown.
            month: its number, later than the one before.
        """
        known = np.isfinite(observed) & (self._domain.land > 0)
        if self._parts is None or self._parts[0] != known.tobytes():
            self._parts = known.tobytes(), parts_of(self._method, self._domain, known, _POOL, self._seed)
        parts, lasting = self._parts[1], [course.at(month) for course in self._courses]
        white = self._rng.standard_normal(lasting[0].shape)
        shape = parts.unseen.shape
        found = sum(
            (weights / np.sqrt(_POOL)).astype(np.float32) @ part.reshape(shape[0], -1)
            for weights, part in zip((*lasting, white), (parts.unseen, parts.detail, parts.noise), strict=True)
        )
        return np.asarray(found).reshape(-1, *shape[1:])
