"""Draws of kriging's errors in three parts, by how long they last.

What the update cannot see, U − K H U, lasts as long as errors of held-out product do, and so does what a filter sees of land
beyond the region's edges. What the prior gets wrong of its own detail, w − K H w, lasts as long as that detail. The product's
noise, −K ε, is another in every month; where months are asked together it is averaged over some of them, and lasts as long. K is
then not that of a month by itself, but takes from each pattern what the smoother leaves of storage's variance, λ α, and makes of
the noise's, λ² β (`covariance/patterns.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.months_together import MonthsTogether

_MOST_CELLS = 1_000_000  # fine cells of a region; what is drawn is kept in memory
_NOTHING = 1e-9  # of a variance
_NO_DETAIL = 1e-3  # of the largest deviation: rounding is not to be drawn larger
_ALIKE = 2.0  # half-weight radii: two Gaussian views of the same land go together over 1.7
_AT_ONCE = 25  # draws

DrawDetail = Callable[[np.random.Generator, int], np.ndarray]
"""(count, s n_lat, s n_lon) mm of what the prior gets wrong of its own detail."""


@dataclass(frozen=True)
class ErrorParts:
    """Draws of errors, (draws, s n_lat, s n_lon) each.

    Args:
        unseen: the part that the update cannot see, mm.
        detail: what the prior gets wrong of its own detail, with variance 1 wherever there is any; 0 elsewhere.
        noise: the product's noise, mm.
    """

    unseen: np.ndarray
    detail: np.ndarray
    noise: np.ndarray

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.unseen, self.detail, self.noise))

    def sizes(self, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What each part is to be multiplied by, so that all together have the standard deviation of a month.

        What the product tells of stays as large as it is drawn, since it decides the mean over a large basin. The rest of σ² is
        detail; where nothing is left, or there is no detail, the others are scaled alike.

        Args:
            sigma: (s n_lat, s n_lon) mm; NaN where nothing is known.
        """
        left = np.where(self._some, np.maximum(sigma**2 - self._told, 0.0), 0.0)
        whole = self._told + left
        alike = np.sqrt(np.divide(sigma**2, whole, out=np.zeros_like(whole), where=whole > 0))
        return alike, alike * np.sqrt(left), alike

    @cached_property
    def _told(self) -> np.ndarray:
        return np.asarray((self.unseen**2).mean(axis=0, dtype=float) + (self.noise**2).mean(axis=0, dtype=float))

    @cached_property
    def _some(self) -> np.ndarray:
        return np.asarray(self.detail.any(axis=0))


def error_parts(
    update: FittedKriging,
    known: np.ndarray,
    count: int,
    seed: int,
    *,
    scale: float = 1.0,
    detail: DrawDetail | None = None,
    correlation: NoiseCorrelation | None = None,
    together: MonthsTogether | None = None,
) -> ErrorParts:
    """Errors of months in which the same product cells are known.

    Args:
        update: as fitted, where it is asked for.
        known: (n_lat, n_lon) bool, the product's cells with a value.
        count: of draws, at least 2.
        seed: of the random numbers.
        scale: what the update's σ is to be multiplied by.
        detail: of the prior; None: there is none.
        correlation: of the noise, and how large it is; None: as the update assumes.
        together: how months are asked together; None: one by one. Those that lack some of its cells are asked one by one, too.
    Raises: BadInput: where the region is too large to keep its draws.
    """
    fine = update.region.observation.fine
    if fine.n_lat * fine.n_lon > _MOST_CELLS:
        raise BadInput(
            "draws",
            expected=f"a region of at most {_MOST_CELLS:,} fine cells",
            found=fine.describe(),
            remedy="take a smaller region",
        )
    rng = np.random.default_rng(seed)
    both = replace(update.errors, solver=update.errors.gain)  # which all parts share
    nothing, spread = _NOTHING * both.covariance.variance, update.region.spread
    own = np.maximum(update.noise.variance, update.uncertainty**2)
    beyond = np.sqrt(np.maximum(update.deviation**2 - own, 0.0))  # what land beyond an edge adds, which lasts as storage does
    alike = Noise(nothing, 1.0, max(_ALIKE * spread.half_weight_km, 1.0))
    unseen = replace(both, noise=alike, uncertainty=beyond)
    noise = replace(both, covariance=replace(both.covariance, variance=nothing), uncertainty=update.uncertainty)
    told_size = correlation is not None and correlation.variance > 0
    if correlation is not None:
        variance = correlation.variance if told_size else both.noise.variance
        noise = replace(noise, noise=Noise(variance, correlation.share, correlation.length_km))
    local = scale * np.sqrt(upsample(update.local, update.region.factor, "bilinear", periodic=update.region.grid.is_periodic))
    parts = np.zeros((3, count, *fine.shape), dtype=np.float32)
    shown = (None, None) if together is None or not together.has(known) else together.shown
    # Product that is held out does not show noise that its neighbours share: that is never taken for less than it is said to be.
    of_noise = 1.0 if told_size else np.maximum(local, 1.0)
    for row, part, told, factor in ((0, unseen, shown[0], local), (2, noise, shown[1], of_noise)):
        parts[row] = factor * part.draw(known, 1.0, rng, count, told)
    if detail is not None:
        for start in range(0, count, _AT_ONCE):
            wrong = detail(rng, min(_AT_ONCE, count - start))
            parts[1, start : start + len(wrong)] = both.left(wrong, known, shown=shown[0])
    deviation = np.sqrt((parts[1] ** 2).mean(axis=0))
    some = deviation > _NO_DETAIL * deviation.max(initial=0.0)
    unit = np.divide(parts[1], deviation, out=np.zeros_like(parts[1]), where=some)
    return ErrorParts(parts[0], unit, parts[2])
