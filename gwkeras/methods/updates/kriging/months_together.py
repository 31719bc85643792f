"""All months together: what a prior misses goes on from month to month, the product's noise does not.

The smoother is that of `covariance/patterns.py`. For the mean what is handed on is the residual that a month by itself would have
to show for the same answer; σ and draws follow from the same patterns. A month that is added to the record therefore changes the
months before it a little, and a month near the ends of the record is known a little less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.months import month_number
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.updates.kriging.covariance.gain import cross_covariance, on_all_cells
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.patterns import Patterns, lasting
from gwkeras.methods.updates.kriging.covariance.system import signal, system
from gwkeras.methods.updates.kriging.covariance.zonal_tables import ZonalTable
from gwkeras.methods.updates.kriging.draws import Shown
from gwkeras.methods.updates.kriging.solvers.common_cells import common_cells
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.unfiltered import FEW

if TYPE_CHECKING:
    from gwkeras.methods.updates.kriging.fitted import FittedKriging

_MOST = 2000  # observations, whose patterns take some two seconds to find
_NOTHING = 1e-6  # of the signal's variance: noise that is not worth averaging
_AT_ONCE = 2**22  # values of patterns at fine cells
_LEAST_LEFT = 0.05  # of the variance that a month by itself leaves, where other months' share is interpolated between cells


def are_asked_together(region: Region, lasting_months: float) -> bool:
    """Whether months are: those of a region of one window whose observations are not too many.

    Args:
        region: in which they are asked.
        lasting_months: time constant of what the prior misses; 0: never.
    """
    few = region.grid.n_lat * region.grid.n_lon <= _MOST * region.averaged**2
    return lasting_months > 0 and len(region.windows) == 1 and few


@dataclass(frozen=True, eq=False)
class MonthsTogether:
    """The months of a domain that have the same cells, as one update asks them.

    Args:
        update: on the domain.
        months: (M,) their numbers.
        known: (n_lat, n_lon) bool, their cells, on the region's grid.
        observed: the observations.
        patterns: of these months.
    """

    update: FittedKriging
    months: np.ndarray
    known: np.ndarray
    observed: ObservedCells
    patterns: Patterns

    @classmethod
    def of(cls, update: FittedKriging, domain: Domain) -> MonthsTogether | None:
        """None where each month is asked by itself.

        Args:
            update: on the domain.
            domain: holds G and H.
        """
        region = update.region
        if not are_asked_together(region, update.lasting_months):
            return None
        months = domain.months
        stored = np.stack([domain.storage_of(month) for month in months]).astype(float)
        try:
            known, whole = common_cells(region.gather(stored), region.share)
        except BadInput:  # no two months have the same cells
            return None
        window = region.windows[0]
        observed = region.observed(window, known)
        both = covariances(
            update, region.covariances(window).of(update.covariance.slope), observed, window.take(update.deviation)
        )
        if both is None:
            return None
        numbers = month_number(months[whole])
        worse = np.array([update.beyond(domain.uncertainty_of(month)) for month in months[whole]])
        patterns = Patterns.of(*both, lasting(numbers, update.lasting_months), worse)
        return cls(update, numbers, known, observed, patterns)

    def residuals(self, prior: FittedPrior, domain: Domain) -> dict[int, np.ndarray]:
        """Month's number -> (n_lat, n_lon) mm, the residual that counts for it.

        Args:
            prior: whose f is asked for in all months.
            domain: that of the update.
        """
        region, update = self.update.region, self.update
        months = [month for month in domain.months if int(month_number(month)) in set(self.months.tolist())]
        fields = np.empty((len(months), *domain.coarse.shape))
        for row, (month, mean) in enumerate(PriorFields(prior, domain, months).items()):
            fields[row] = domain.storage_of(month) - region.seen(np.where(domain.land_fine > 0, mean, np.nan))
        scale = np.ones(domain.coarse.shape) if update.amplitude is None else update.amplitude.seen
        found = self.patterns.as_if_alone(self.observed.take(np.where(self.known, fields / scale, 0.0)).T)
        rows, columns = self.observed.cells.T
        fields[:, rows, columns] = found.T[:, self.observed.groups] * scale[rows, columns]
        return dict(zip(self.months.tolist(), fields, strict=True))

    def variance(self, month: int) -> np.ndarray | None:
        """(s n_lat, s n_lon) mm², what is left of storage's variance in a month; None for one that is asked by itself.

        Where cells are pinned to the month's own product, other months' tell nothing.

        Args:
            month: its number.
        """
        region = self.update.region
        row = np.flatnonzero(self.months == month)
        if region.pinned or not row.size:
            return None
        if self._is_exact:
            window = region.windows[0]
            return region.cropped(on_all_cells(self._left[row[0]], window, region.nodes(window), region.nodes_apart))
        alone = self.update.variance_alone(self.known, float(self.patterns.worse[row[0]]))
        more = np.full(region.grid.shape, np.nan)
        more[tuple(self.observed.cells.T)] = self._left[row[0]]
        return np.maximum(alone - upsample(more, region.factor, "bilinear", missing="filled"), _LEAST_LEFT * alone)

    def has(self, known: np.ndarray) -> bool:
        """Whether a month with these cells is asked together with the others.

        Args:
            known: (n_lat, n_lon) bool, cells of the product.
        """
        region = self.update.region
        there = np.isfinite(region.gather(np.where(known, 0.0, np.nan)))
        return not region.pinned and np.array_equal(there, self.known)

    @property
    def shown(self) -> tuple[Shown, Shown]:
        """Gains of a usual month for draws: what leaves of each pattern's storage λ α, and what makes of its noise λ² β."""
        patterns = self.patterns
        unseen, mistaken = patterns.unseen.mean(axis=1), patterns.mistaken.mean(axis=1)
        some = patterns.amounts > 1e-9
        kept = np.divide(1.0 - np.sqrt(unseen), patterns.amounts, out=np.zeros(len(some)), where=some)
        return Shown(self.observed, patterns.shown(kept)), Shown(self.observed, patterns.shown(np.sqrt(mistaken)))

    @property
    def mistaken_lags(self) -> np.ndarray:
        """(M, M) covariance between months of noise that is taken for storage, as a mean over the observed cells."""
        patterns = self.patterns
        weights = ((patterns.noise @ patterns.shapes * patterns.amounts) ** 2).sum(axis=0)
        return patterns.mistaken_lags(weights / weights.sum())

    @property
    def _is_exact(self) -> bool:
        return self.update.region.spread.kind != "none" or self.observed.count <= FEW

    @cached_property
    def _left(self) -> np.ndarray:
        """(M, ...) mm² of the points that σ is computed at; of many cells without a filter, what other months take away from it.

        That is computed for cells' means, S V = R V Λ: it hardly varies within a cell.
        """
        patterns = self.patterns
        if not self._is_exact:
            means = (patterns.noise @ patterns.shapes * patterns.amounts) ** 2
            return (means @ (patterns.told - patterns.told_alone)).T
        region, window = self.update.region, self.update.region.windows[0]
        cross, shape = cross_covariance(self.observed, window, region.nodes(window), self.update.covariance)
        shapes, told = patterns.shapes.T.astype(np.float32), patterns.told.T.astype(np.float32)
        found = np.empty((len(self.months), cross.shape[1]), dtype=np.float32)
        wide = max(1, _AT_ONCE // self.observed.count)
        for start in range(0, cross.shape[1], wide):
            found[:, start : start + wide] = told @ (shapes @ cross[:, start : start + wide]) ** 2
        return np.maximum(self.update.covariance.variance - found, 0.0).reshape(-1, *shape)


def covariances(
    update: FittedKriging, covariance: ZonalTable, observed: ObservedCells, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """S and R of observations, mm²; None where there is no noise that is worth averaging.

    Args:
        update: says how large storage's variance is, and what noise.
        covariance: of cells' means, for a storage of variance 1.
        observed: n observations.
        deviation: (n_lat, n_lon) the product's standard error in their window, mm.
    """
    part = signal(observed, covariance, update.region.uncertain)
    seen = update.covariance.variance * (part.seen + part.error)
    noise = system(part, 0.0, update.noise, observed, deviation)[0]
    return None if np.diag(noise).min() <= _NOTHING * np.diag(seen).mean() else (seen, noise)
