"""Errors of a method's months, drawn: alike in space as kriging's errors are, and from month to month as held-out errors are.

A month's draw is a mixture of simulated errors, whose weights go through the months. Mixtures of Normal draws are Normal, so each
month costs a product of matrices, and no new simulation.
"""

from __future__ import annotations

import numpy as np

from gwkeras.domain.domain import Domain
from gwkeras.methods.composition import Composition
from gwkeras.methods.persistence import Course, Persistence
from gwkeras.methods.updates.error_parts import ErrorParts, error_parts
from gwkeras.methods.updates.fitted_kriging import FittedKriging

_POOL = 200  # simulated errors that are mixed; their sample covariance is known to 7 %


class ErrorDraws:
    """Draws of the errors of consecutive months, in units of σ.

    Args:
        method: of a prior and kriging.
        domain: that it is applied to.
        count: of draws.
        seed: of the random numbers.
    """

    def __init__(self, method: Composition, domain: Domain, count: int, seed: int) -> None:
        assert isinstance(method.update, FittedKriging)
        self._update, self._domain, self._seed = method.update.on(domain), domain, seed
        persistence = Persistence.usual() if method.detail is None else method.detail.persistence
        self._rng = np.random.default_rng([seed, 1])
        self._course = Course(persistence, (count, _POOL), np.random.default_rng([seed, 2]))
        self._parts: tuple[bytes, ErrorParts] | None = None

    def of(self, observed: np.ndarray, month: int) -> np.ndarray:
        """(draws, s n_lat, s n_lon) errors in units of σ.

        Args:
            observed: (n_lat, n_lon) mm, the product of the month; NaN where it is unknown.
            month: its number, later than the one before.
        """
        known = np.isfinite(observed) & (self._domain.land > 0)
        if self._parts is None or self._parts[0] != known.tobytes():
            self._parts = known.tobytes(), error_parts(self._update, known, _POOL, self._seed)
        parts, weights = self._parts[1], self._course.at(month)
        white = self._rng.standard_normal(weights.shape)
        shape = parts.unseen.shape
        mixed = [
            (each / np.sqrt(_POOL)).astype(np.float32) @ part.reshape(shape[0], -1)
            for each, part in ((weights, parts.unseen), (white, parts.noise))
        ]
        return (mixed[0] + mixed[1]).reshape(-1, *shape[1:])
