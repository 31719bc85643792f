"""Draws of kriging's errors in three parts, by how long they last.

What the update cannot see, U − K H U, lasts as long as errors of held-out product do; what the prior gets wrong of its own
detail, w − K H w, as long as that detail. The product's noise, −K ε, is another in every month. Where months are asked together
it is averaged over some of them, and lasts as long; K is then not that of a month by itself, but takes from each pattern what the
smoother leaves of storage's variance, λ α, and makes of the noise's, λ² β (`covariance/patterns.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.months_together import MonthsTogether

_MOST_CELLS = 1_000_000  # fine cells of a region; what is drawn is kept in memory
_NOTHING = 1e-9  # of a variance
_AT_ONCE = 25  # draws

DrawDetail = Callable[[np.random.Generator, int], np.ndarray]
"""(count, s n_lat, s n_lon) mm of what the prior gets wrong of its own detail."""


@dataclass(frozen=True)
class ErrorParts:
    """Draws of errors in units of σ: wherever they are, all together have variance 1.

    Args:
        unseen: (draws, s n_lat, s n_lon) the part that the update cannot see.
        detail: the same of what the prior gets wrong of its own detail.
        noise: the same of the product's noise.
    """

    unseen: np.ndarray
    detail: np.ndarray
    noise: np.ndarray


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
        scale: what the update's σ is to be multiplied by; it tells how much `detail` counts beside it.
        detail: of the prior; None: there is none.
        correlation: of the noise; None: as the update assumes.
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
    both = update.errors
    quiet = replace(both.noise, variance=_NOTHING * both.covariance.variance)
    unseen = replace(both, noise=quiet, uncertainty=np.zeros_like(both.uncertainty))
    noise = replace(both, covariance=replace(both.covariance, variance=_NOTHING * both.covariance.variance))
    if correlation is not None:
        seen = replace(both.noise, correlated=correlation.share, length_km=correlation.length_km)
        noise = replace(noise, noise=seen)
    local = scale * np.sqrt(upsample(update.local, update.region.factor, "bilinear", periodic=update.region.grid.is_periodic))
    parts = np.zeros((3, count, *fine.shape), dtype=np.float32)
    shown = (None, None) if together is None or not together.has(known) else together.shown
    # Product that is held out does not show noise that its neighbours share: that is never taken for less than it is said to be.
    for row, part, told, factor in ((0, unseen, shown[0], local), (2, noise, shown[1], np.maximum(local, 1.0))):
        parts[row] = factor * part.draw(known, 1.0, rng, count, told)
    if detail is not None:
        for start in range(0, count, _AT_ONCE):
            wrong = detail(rng, min(_AT_ONCE, count - start))
            parts[1, start : start + len(wrong)] = both.left(wrong, known, shown=shown[0])
    deviation = np.sqrt((parts**2).mean(axis=1).sum(axis=0))
    return ErrorParts(*(np.divide(part, deviation, out=np.zeros_like(part), where=deviation > 0) for part in parts))
