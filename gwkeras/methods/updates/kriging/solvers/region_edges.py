"""Where a region is cut out of a larger one: its filter sees land beyond the edges, of which neither prior nor product tells.

The prior is continued from the nearest cells, as it is where priors are taught (`gwkeras.observation.open_edges`); what that may
be wrong by is noise of the product near the edge.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance, cell_spread_km2
from gwkeras.observation.open_edges import OpenEdges
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import REACH, PointSpread

UNKNOWN_BEYOND = 64.0
"""Times the variance of storage that what lies beyond the edges has, less its continuation: it is the same in neighbouring cells, and
lasts from month to month, so neither averages it out (as where priors are taught, `priors/teaching/product.py`)."""

_AT_ONCE = 256  # cells
_SHOWN_WITHIN = 0.8  # half-weight radii of an edge: there continuing the prior changes most of what is seen
_SPANS = 8  # of months, whose differences are taken for independent
_CERTAIN = 2.0  # standard errors


@dataclass(frozen=True, eq=False)
class RegionEdges:
    """The edges of a grid as its filter sees them.

    Args:
        grid: of product cells, or of blocks of them.
        share: (n_lat, n_lon) their land share.
        spread: a Gaussian.
    """

    grid: Grid
    share: np.ndarray
    spread: PointSpread

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    @cached_property
    def see_land(self) -> bool:
        """Whether there is any beyond them: not around the globe, and not where the region ends in sea."""
        return bool(len(self._open.beyond(np.argwhere(self._near & (self.share > 0)))[0]))

    def seen_beyond(self, means: np.ndarray) -> np.ndarray:
        """What continuing a field adds to what is seen of it where the kernel is cut at the edge.

        Args:
            means: (n_lat, n_lon) mm, over the land of the cells.
        Returns: (n_lat, n_lon) mm; NaN where there is no land.
        """
        filled = np.nan_to_num(means)
        return self._open(filled) - self._cut(filled)

    def unknown_share(self, slope: float) -> np.ndarray:
        """What stands beyond the edges, less its continuation, in what is seen: its variance as a share of storage's.

        Args:
            slope: of the storage's covariance.
        Returns: (n_lat, n_lon).
        """
        result = np.zeros(self.grid.shape)
        cells = np.argwhere(self._near & (self.share > 0))
        storage, side = Covariance(1.0, slope), 2.0 * cell_spread_km2(self.grid.height_km)
        for start in range(0, len(cells), _AT_ONCE):
            some = cells[start : start + _AT_ONCE]
            points, weights = self._open.beyond(some)
            if not len(points):
                continue
            where = self._open.wide.positions_km(points)
            squared = (where**2).sum(axis=1)
            apart = np.sqrt(np.maximum(squared[:, None] + squared - 2.0 * where @ where.T, 0.0))
            result[tuple(some.T)] = np.einsum("kp,kp->k", weights @ storage(apart, side), weights)
        return np.maximum(result, 0.0)

    def are_open(self, residuals: np.ndarray, beyond: np.ndarray) -> bool:
        """Whether the product near the edges is predicted better by a prior that goes on beyond them than by one that ends there.

        Args:
            residuals: (month, n_lat, n_lon) G − H f with the kernel cut at the edges, mm; NaN where unknown.
            beyond: the same shape, `seen_beyond` of f; 0 where there is no prior, which says nothing of edges.
        Returns: False where it is not better by two standard errors, over spans of months.
        """
        known = np.isfinite(residuals).all(axis=0) & (self.share > 0) & self._within(_SHOWN_WITHIN)
        if len(residuals) < 2 * _SPANS or not known.any():
            return False
        cut, added = residuals[:, known], beyond[:, known]
        cut, added = cut - cut.mean(axis=0), added - added.mean(axis=0)
        gains = (cut**2 - (cut - added) ** 2).mean(axis=1)
        spans = np.array([span.mean() for span in np.array_split(gains, _SPANS)])
        return bool(gains.mean() > _CERTAIN * spans.std(ddof=1) / np.sqrt(_SPANS))

    @cached_property
    def _near(self) -> np.ndarray:
        """Cells from which the filter reaches beyond an edge."""
        return self._within(REACH)

    def _within(self, radii: float) -> np.ndarray:
        """(n_lat, n_lon) cells within so many half-weight radii of an edge."""
        grid, reach = self.grid, radii * self.spread.half_weight_km
        row, column = np.arange(grid.n_lat), np.arange(grid.n_lon)
        tall = np.minimum(row, row[::-1]) * grid.height_km
        width = grid.height_km * grid.lon_step / grid.lat_step * np.cos(np.deg2rad(np.abs(grid.lat).max()))
        wide = np.full(grid.n_lon, np.inf) if grid.is_periodic else np.minimum(column, column[::-1]) * width
        return (tall[:, None] < reach) | (wide < reach)

    @cached_property
    def _open(self) -> OpenEdges:
        return OpenEdges(self.grid, self.share, self.spread)

    @cached_property
    def _cut(self) -> Observation:
        return Observation(self.grid, 1, self.share, self.spread)


def deviation_at_edges(
    unknown_share: np.ndarray, covariance: Covariance, noise_variance: float, uncertainty: np.ndarray
) -> np.ndarray:
    """Standard deviation of the product's error, mm; where a filter sees nothing beyond the region, `uncertainty` as it stands.

    Args:
        unknown_share: (n_lat, n_lon) see `RegionEdges.unknown_share`.
        covariance: of fine storage.
        noise_variance: mm², the least that is assumed.
        uncertainty: (n_lat, n_lon) the product's own standard error, mm; 0 where it states none.
    """
    unknown = UNKNOWN_BEYOND * covariance.variance * unknown_share
    known = np.maximum(noise_variance, uncertainty**2)
    return np.where(unknown > 1e-4 * known, np.sqrt(known + unknown), uncertainty)
