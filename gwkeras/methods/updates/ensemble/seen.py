"""What the product shows of members: its cells, or under a wide filter means over several, with the noise that they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.priors.teaching.product import grid_mean, merged_cells
from gwkeras.methods.updates.ensemble.localised import Observed
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.observation.open_edges import OpenEdges

_NOISE_FLOOR, _OPERATOR_ERROR = 0.005, 0.05  # of the product's variance, without and through a filter


@dataclass(frozen=True, eq=False)
class Seen:
    """H on the cells that are asked.

    Args:
        domain: whose product it is.
        grid: of the cells asked: the product's, or one that joins some.
        joined: product cells along a side of one.
        cells: (m, 2) row and column on `grid`.
        blur: the point spread between these; None where there is none.
        variance: (m,) mm² of the noise.
    """

    domain: Domain
    grid: Grid
    joined: int
    cells: np.ndarray
    blur: OpenEdges | None
    variance: np.ndarray

    @classmethod
    def of(cls, domain: Domain, floor: float) -> Seen:
        """The cells that hold land.

        Args:
            domain: whose product it is.
            floor: mm², of the noise beside what the product states; see `noise_floor`.
        """
        joined, spread, observation = merged_cells(domain), domain.point_spread, domain.observation
        grid = domain.coarse.coarsen(joined) if joined > 1 else domain.coarse
        share = np.nan_to_num(observation.fine.block_mean(observation.land, observation.factor * joined))
        cells = np.argwhere(share > 0)
        filtered = spread.kind != "none"
        first = cls(domain, grid, joined, cells, OpenEdges(grid, share, spread) if filtered else None, np.ones(len(cells)))
        stated = [domain.uncertainty_of(month) for month in domain.calendar]
        squares = np.stack(
            [first._means(np.square(u, dtype=float)) for u in stated if u is not None] or [np.full(len(cells), floor)]
        )
        told = np.isfinite(squares)
        typical = np.where(told, squares, 0.0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
        return cls(domain, grid, joined, cells, first.blur, typical + floor)

    def noise_floor(self, months: Iterable[Month]) -> float:
        """mm², what is to be taken for noise at least: a share of the product's power in some months.

        Args:
            months: to look at.
        """
        values = np.stack([self.product(month) for month in months])
        share = _NOISE_FLOOR if self.blur is None else _OPERATOR_ERROR
        return share * float(np.nanmean((values - np.nanmean(values)) ** 2))

    @property
    def factor(self) -> int:
        """Fine cells along a side of one asked."""
        return self.domain.factor * self.joined

    @property
    def observed(self) -> Observed:
        """Where they are, and R."""
        where, deviation = self.grid.positions_km(self.cells), np.sqrt(self.variance)
        squared = (where**2).sum(axis=1)
        apart = np.sqrt(np.maximum(squared[:, None] + squared - 2 * where @ where.T, 0.0))
        noise = Noise.correlated * np.exp(-apart / Noise.length_km) * deviation[:, None] * deviation
        noise[np.diag_indices(len(where))] = self.variance
        return Observed(where, noise)

    def product(self, month: Month) -> np.ndarray:
        """(m,) mm of a month; NaN where it is not known."""
        return self._means(self.domain.storage_of(month).astype(float))

    def __call__(self, fields: np.ndarray) -> np.ndarray:
        """(..., s n_lat, s n_lon) mm to (..., m): what the product would show; the point spread works on the cells' means."""
        observation = self.domain.observation
        return self.of_means(observation.fine.block_mean(np.nan_to_num(fields), self.factor, observation.land))

    def of_means(self, blocks: np.ndarray) -> np.ndarray:
        """The same of fields given by their means over land in the cells of `grid`."""
        blocks = np.nan_to_num(blocks)
        seen = blocks if self.blur is None else self.blur(blocks)
        return np.asarray(seen[..., self.cells[:, 0], self.cells[:, 1]], dtype=np.float64)

    def _means(self, values: np.ndarray) -> np.ndarray:
        domain = self.domain
        share = np.nan_to_num(domain.observation.fine.block_mean(domain.land_fine, domain.factor))
        joined = grid_mean(values[None], share > 0, domain.coarse, share, self.joined)[0]
        return np.asarray(joined[self.cells[:, 0], self.cells[:, 1]], dtype=float)
