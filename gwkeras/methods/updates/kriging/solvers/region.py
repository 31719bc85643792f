"""A product's grid as kriging takes it: its land, the blocks that are one observation, and its windows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.core.latest import Latest
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells, cells_averaged
from gwkeras.methods.updates.kriging.covariance.system import CellCovariances
from gwkeras.methods.updates.kriging.covariance.zonal_tables import nodes_apart
from gwkeras.methods.updates.kriging.solvers.region_edges import RegionEdges
from gwkeras.methods.updates.kriging.solvers.windows import Window, layout
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

_LEAST_OBSERVATIONS = 16  # in a region, for whose sake fewer cells are averaged
_TABLES = 4  # kept for windows of the same rows
_HALO_PER_RADIUS = 1.5  # half-weight radii, beyond which an observation changes σ by less than half a percent


Edges = Literal["closed", "open"]


@dataclass(frozen=True, eq=False)
class Region:
    """An operator's grid, cut into windows.

    Through a filter, means over blocks of cells are the observations. In a small region the storage behind them stays resolved by
    the product's cells; a large one is taken on a grid of such blocks altogether, and `grid`, `factor`, `share` are of those.
    Where they do not divide it, the last blocks reach beyond its northern and eastern edges, as far as there is nothing.

    Args:
        observation: the product's operator.
        uncertain: relative standard error of its half-weight radius.
        pinned: whether product cells are shifted to their own means in the end.
        window_cells: as in `Kriging`.
        halo_cells: as in `Kriging`.
        halo_km: as in `Kriging`.
        largest_window: as in `Kriging`.
        edges: as in `Kriging`, settled.
    """

    observation: Observation
    uncertain: float
    pinned: bool
    window_cells: int
    halo_cells: int
    halo_km: float
    largest_window: int
    edges: Edges = "closed"

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    @property
    def product(self) -> Grid:
        """The product's own grid."""
        return self.observation.coarse

    @property
    def spread(self) -> PointSpread:
        return self.observation.point_spread

    @cached_property
    def is_large(self) -> bool:
        """Whether it is too large to be one window of product cells."""
        return self.product.n_lat * self.product.n_lon > self.largest_window

    @cached_property
    def block(self) -> int:
        """Product cells along each side of a cell of `grid`."""
        if not self.is_large:
            return 1
        most = cells_averaged(self.product, self.spread)
        closes = self.product.n_lon if self.product.is_periodic else 0  # the globe must close in blocks, too
        return max(q for q in range(1, most + 1) if closes % q == 0)

    @cached_property
    def grid(self) -> Grid:
        """The product's, or that of its blocks."""
        return self._whole_blocks.coarsen(self.block) if self.block > 1 else self.product

    @cached_property
    def _whole_blocks(self) -> Grid:
        """The product's, up to the end of the last blocks."""
        n_lat, n_lon = (-(-n // self.block) * self.block for n in self.product.shape)
        return self.product.window(0, 0, n_lat, n_lon)

    @property
    def factor(self) -> int:
        """Fine cells along each side of a cell of `grid`."""
        return self.observation.factor * self.block

    @cached_property
    def share(self) -> np.ndarray:
        """(n_lat, n_lon) land share of the cells of `grid`."""
        if self.block == 1:
            return self._product_share
        return np.nan_to_num(self._whole_blocks.block_mean(self._filled(self._product_share, 0.0), self.block))

    @cached_property
    def _product_share(self) -> np.ndarray:
        return np.nan_to_num(self.observation.fine.block_mean(self.observation.land.astype(float), self.observation.factor))

    def _filled(self, fields: np.ndarray, value: float) -> np.ndarray:
        """(..., n_lat, n_lon) of the product's cells, up to the end of the last blocks."""
        more = [whole - own for whole, own in zip(self._whole_blocks.shape, self.product.shape, strict=True)]
        return np.pad(fields, [*[(0, 0)] * (np.ndim(fields) - 2), (0, more[0]), (0, more[1])], constant_values=value)

    def cropped(self, fields: np.ndarray) -> np.ndarray:
        """(..., s n_lat, s n_lon) of `grid` refined, to the operator's fine grid."""
        n_lat, n_lon = self.observation.fine.shape
        return fields[..., :n_lat, :n_lon]

    def seen(self, storage: np.ndarray) -> np.ndarray:
        """H of a prior, (s n_lat, s n_lon) to (n_lat, n_lon) of the product, mm; continued beyond the region's edges."""
        found = self.observation(storage)
        return found if self.edges == "closed" or not self.has_land_beyond else found + self.seen_beyond(storage)

    @property
    def has_land_beyond(self) -> bool:
        """Whether its filter can see land beyond its edges."""
        return self.is_wide and self._product_edges.see_land

    def seen_beyond(self, storage: np.ndarray) -> np.ndarray:
        """What continuing a prior beyond the edges adds to H of it, (s n_lat, s n_lon) to (n_lat, n_lon), mm."""
        means = self.observation.fine.block_mean(storage, self.observation.factor, self.observation.land)
        return self._product_edges.seen_beyond(means)

    def sees_beyond(self, residuals: np.ndarray, beyond: np.ndarray) -> bool:
        """Whether the product near the edges shows it; see `RegionEdges.are_open`."""
        return self._product_edges.are_open(residuals, beyond)

    @cached_property
    def _product_edges(self) -> RegionEdges:
        return RegionEdges(self.product, self._product_share, self.spread)

    def unknown_beyond(self, slope: float) -> np.ndarray:
        """(n_lat, n_lon) on `grid`; see `RegionEdges.unknown_share`. 0 without a filter."""
        if self.edges == "closed" or not self.is_wide:
            return np.zeros(self.grid.shape)
        return RegionEdges(self.grid, self.share, self.spread).unknown_share(slope)

    def gather(self, stack: np.ndarray) -> np.ndarray:
        """Fields of the product on `grid`: (..., n_lat, n_lon); NaN where less than half of a block's land is known."""
        if self.block == 1:
            return np.where(self.share > 0, stack, np.nan)
        share, land = self._filled(self._product_share, 0.0), self.grid.area * self.share
        result = np.empty((*np.shape(stack)[:-2], *self.grid.shape))
        for index in np.ndindex(result.shape[:-2]):  # one after the other, for memory's sake
            mean, known = self._whole_blocks.block_sum_and_weight(self._filled(stack[index], np.nan), self.block, share)
            result[index] = np.where((land > 0) & (known >= 0.5 * land), mean, np.nan)
        return result

    @cached_property
    def averaged(self) -> int:
        """Cells of `grid` along each axis whose mean is one observation."""
        if self.is_large:
            return 1
        most = int(np.sqrt(self.grid.n_lat * self.grid.n_lon / _LEAST_OBSERVATIONS))
        return max(1, min(cells_averaged(self.grid, self.spread), most))

    @property
    def is_wide(self) -> bool:
        """Whether the filter is wider than a product cell."""
        side = self.product.height_km
        return self.spread.kind == "gaussian" and 2 * self.spread.half_weight_km > side

    @cached_property
    def windows(self) -> list[Window]:
        """Windows whose cores hold land; of a large region those from which σ and held-out errors are computed."""
        reach = _HALO_PER_RADIUS * self.spread.half_weight_km if self.is_wide else 0.0
        return self.cut(self.window_cells, self.largest_window, halo_km=max(self.halo_km, reach))

    def cut(self, core: int, largest: int, halo: int = 0, halo_km: float = 0.0) -> list[Window]:
        """Windows with land of another size; see `layout`."""
        core = -(-core // self.averaged) * self.averaged
        radius = self.spread.half_weight_km if self.spread.kind == "gaussian" else 0.0
        land = np.flatnonzero((self.share > 0).any(axis=1))
        rows = (int(land[0]) // self.averaged * self.averaged, int(land[-1]) + 1) if len(land) else None
        found = layout(self.grid, radius, core, halo, halo_km, largest, rows)
        return [window for window in found if (self.share[window.core_in_whole()] > 0).any()]

    def fine(self, window: Window) -> Grid:
        """The fine grid of a window."""
        return window.grid(self.grid).refine(self.factor)

    @cached_property
    def nodes_apart(self) -> int:
        """Fine cells between the points that a cell's mean is taken over, for covariances between cells and for σ."""
        if not self.is_large:
            return nodes_apart(self.factor)
        return max(n for n in range(1, self.factor + 1) if self.factor % n == 0 and (n == 1 or self.factor // n >= 4))

    def nodes(self, window: Window) -> Grid:
        """The points of a window that its cells' means are taken over."""
        return self.fine(window).coarsen(self.nodes_apart)

    def observed(self, window: Window, known: np.ndarray) -> ObservedCells:
        """The observations of a window.

        Args:
            known: (n_lat, n_lon) of the whole grid.
        """
        grid = window.grid(self.grid)
        there = window.take(known) & window.inner()
        return ObservedCells(grid, window.take(self.share), there, self.spread, (window.row, window.col), self.averaged)

    def covariances(self, window: Window) -> CellCovariances:
        """Tables of a window's cells; windows of the same rows and width share them."""
        key = (window.row, window.n_lat, window.n_lon)
        return self._tables.get(key, lambda: CellCovariances(self.nodes(window), self.factor // self.nodes_apart))

    @cached_property
    def _tables(self) -> Latest[CellCovariances]:
        return Latest(_TABLES)
