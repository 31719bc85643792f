"""A product's grid as kriging takes it: its land, the blocks that are one observation, and its windows."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.observed_cells import ObservedCells, cells_averaged
from gwkeras.methods.updates.system import CellCovariances
from gwkeras.methods.updates.windows import Window, layout
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

_LEAST_OBSERVATIONS = 16  # in a region, for whose sake fewer cells are averaged
_HALO_PER_RADIUS, _HALO_KM = 5.0, 600.0  # half-weight radii and km, beyond which an observation changes nothing by 0.1 mm


@dataclass(frozen=True, eq=False)
class Region:
    """An operator's grid, cut into windows.

    Through a filter, means over blocks of cells are the observations. In a small region the storage behind them stays resolved by
    the product's cells; a large one is taken on a grid of such blocks altogether, and `grid`, `factor`, `share` are of those.

    Args:
        observation: the product's operator.
        uncertain: relative standard error of its half-weight radius.
        pinned: whether product cells are shifted to their own means in the end.
        window_cells: as in `Kriging`.
        halo_cells: as in `Kriging`.
        halo_km: as in `Kriging`.
        largest_window: as in `Kriging`.
    """

    observation: Observation
    uncertain: float
    pinned: bool
    window_cells: int
    halo_cells: int
    halo_km: float
    largest_window: int

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
    def block(self) -> int:
        """Product cells along each side of a cell of `grid`."""
        size = self.product.n_lat, self.product.n_lon
        if size[0] * size[1] <= self.largest_window:
            return 1
        most = cells_averaged(self.product, self.spread)
        return max(q for q in range(1, most + 1) if size[0] % q == 0 and size[1] % q == 0)

    @cached_property
    def grid(self) -> Grid:
        """The product's, or that of its blocks."""
        return self.product.coarsen(self.block) if self.block > 1 else self.product

    @property
    def factor(self) -> int:
        """Fine cells along each side of a cell of `grid`."""
        return self.observation.factor * self.block

    @cached_property
    def share(self) -> np.ndarray:
        """(n_lat, n_lon) land share of the cells of `grid`."""
        return np.nan_to_num(self.observation.fine.block_mean(self.observation.land.astype(float), self.factor))

    @cached_property
    def _product_share(self) -> np.ndarray:
        return np.nan_to_num(self.observation.fine.block_mean(self.observation.land.astype(float), self.observation.factor))

    def gather(self, stack: np.ndarray) -> np.ndarray:
        """Fields of the product on `grid`: (..., n_lat, n_lon); NaN where less than half of a block's land is known."""
        if self.block == 1:
            return np.where(self.share > 0, stack, np.nan)
        mean, known = self.product.block_sum_and_weight(stack, self.block, self._product_share)
        land = self.grid.area * self.share
        return np.where((land > 0) & (known >= 0.5 * land), mean, np.nan)

    @cached_property
    def averaged(self) -> int:
        """Cells of `grid` along each axis whose mean is one observation."""
        if self.block > 1:
            return 1
        most = int(np.sqrt(self.grid.n_lat * self.grid.n_lon / _LEAST_OBSERVATIONS))
        return max(1, min(cells_averaged(self.grid, self.spread), most))

    @property
    def is_wide(self) -> bool:
        """Whether the filter is wider than a product cell."""
        side = np.deg2rad(self.product.lat_step) * EARTH_RADIUS_KM
        return self.spread.kind == "gaussian" and 2 * self.spread.half_weight_km > side

    @cached_property
    def windows(self) -> list[Window]:
        """Windows whose cores hold land."""
        reach = _HALO_PER_RADIUS * self.spread.half_weight_km + _HALO_KM if self.is_wide else 0.0
        return self.cut(self.window_cells, self.largest_window, self.halo_cells, max(self.halo_km, reach))

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
        if key not in self._tables:
            self._tables[key] = CellCovariances(self.fine(window), self.factor)
            if len(self._tables) > 4:
                self._tables.popitem(last=False)
        return self._tables[key]

    @cached_property
    def _tables(self) -> OrderedDict[tuple[int, int, int], CellCovariances]:
        return OrderedDict()
