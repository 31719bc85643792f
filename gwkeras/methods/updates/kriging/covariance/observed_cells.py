"""What a product shows of a window: its known cells, averaged where a filter leaves neighbours nothing of their own to say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.kriging.covariance.mixture import point_spread_km
from gwkeras.methods.updates.kriging.covariance.zonal_tables import ZonalTable, squared_chords
from gwkeras.observation.point_spread import PointSpread, sharpness_of

_CELLS_PER_SPREAD = 0.9
"""Observations are means over blocks of 0.9 p: a filter with exp(−k²p²/2) leaves e⁻⁶ of what such blocks cannot show."""


def cells_averaged(grid: Grid, spread: PointSpread) -> int:
    """q: product cells along each axis whose mean is taken as one observation; 1 without a filter."""
    if spread.kind == "none":
        return 1
    side = grid.height_km
    return max(1, round(_CELLS_PER_SPREAD * point_spread_km(spread.half_weight_km) / side))


@dataclass(frozen=True)
class ObservedCells:
    """The observations of a window: A G, with A the means over q × q known cells.

    Args:
        grid: the product's grid in the window.
        share: (n_lat, n_lon) land share of the cells.
        known: (n_lat, n_lon) which cells the product gives.
        spread: the product's point spread.
        offset: row and column of the window in the product's grid, so that blocks are the same in all windows.
    """

    grid: Grid
    share: np.ndarray
    known: np.ndarray
    spread: PointSpread
    offset: tuple[int, int] = (0, 0)
    averaged: int = 1

    @cached_property
    def cells(self) -> np.ndarray:
        """(k, 2) row and column of the known cells."""
        return np.argwhere(self.known & (self.share > 0))

    @cached_property
    def groups(self) -> np.ndarray:
        """(k,) which observation each known cell belongs to."""
        blocks = (self.cells + np.array(self.offset)) // self.averaged
        return np.unique(blocks, axis=0, return_inverse=True)[1].ravel()

    @property
    def count(self) -> int:
        """Number of observations."""
        return int(self.groups.max()) + 1 if len(self.cells) else 0

    @cached_property
    def weights(self) -> np.ndarray:
        """(k,) weight of each cell in its observation; land area."""
        land = (self.grid.area * self.share)[tuple(self.cells.T)]
        return land / np.bincount(self.groups, land)[self.groups]

    def take(self, fields: np.ndarray) -> np.ndarray:
        """A G: (..., n_lat, n_lon) to (..., count)."""
        values = fields[..., self.cells[:, 0], self.cells[:, 1]] * self.weights
        if self.averaged == 1:
            return values
        result = np.zeros((*values.shape[:-1], self.count))
        np.add.at(np.moveaxis(result, -1, 0), self.groups, np.moveaxis(values, -1, 0))
        return result

    def give(self, values: np.ndarray) -> np.ndarray:
        """Aᵀ y: (..., count) to (..., n_lat, n_lon)."""
        fields = np.zeros((*values.shape[:-1], *self.grid.shape))
        fields[..., self.cells[:, 0], self.cells[:, 1]] = values[..., self.groups] * self.weights
        return fields

    @cached_property
    def directions(self) -> np.ndarray:
        """(count, 3) mean position on the sphere of radius R, km."""
        points = self.grid.positions_km(self.cells)
        return np.stack([np.bincount(self.groups, self.weights * axis, self.count) for axis in points.T], axis=1)

    @cached_property
    def stated(self) -> SeenThrough:
        """A H for cell means."""
        return SeenThrough(self)

    def operator(self, widened: float = 1.0) -> SeenThrough:
        """The same with the half-weight radius `widened` times as large."""
        return self.stated if widened == 1.0 else SeenThrough(self, widened)


@dataclass(frozen=True)
class SeenThrough:
    """A F: from means of product cells to observations; F is the filter on the product's grid.

    Filter and block mean change places here: the kernel is evaluated between centres of product cells, which is exact to
    exp(−2π² (p / side)²) in the interior (p ≥ half a cell by the grid's own limit, 1e-4 of a cell's own share at that limit).
    """

    observed: ObservedCells
    widened: float = 1.0

    @property
    def is_identity(self) -> bool:
        return self.observed.spread.kind == "none"

    @property
    def kernel(self) -> ZonalTable:
        """W between the window's cells."""
        grid = self.observed.grid
        radius = self.observed.spread.half_weight_km * self.widened
        return _kernel(tuple(grid.lat.tolist()), grid.lon_step, grid.n_lon, radius)

    @cached_property
    def mass(self) -> np.ndarray:
        return self.observed.grid.area * self.observed.share

    @cached_property
    def reached(self) -> np.ndarray:
        """What normalises the filter: the land, or the area, that it reaches from each cell."""
        over_land = self.observed.spread.over == "land"
        return self.kernel((self.mass if over_land else self.observed.grid.area)[None])[0]

    def adjoint(self, values: np.ndarray) -> np.ndarray:
        """Fᵀ Aᵀ y: (n, count) to (n, n_lat, n_lon)."""
        given = self.observed.give(values)
        if self.is_identity:
            return given
        normalised = np.divide(given, self.reached, out=np.zeros_like(given), where=self.reached > 0)  # 0 / 0 far out at sea
        return self.kernel(normalised) * self.mass

    def rows(self) -> np.ndarray:
        """(count, n_lat, n_lon)."""
        return self.adjoint(np.eye(self.observed.count))


@lru_cache(maxsize=6)
def _kernel(lat: tuple[float, ...], lon_step: float, n_lon: int, radius_km: float) -> ZonalTable:
    """Windows of the same rows and width share it."""
    squared = squared_chords(np.array(lat), np.array(lat), np.arange(n_lon) * lon_step)
    # Jekeli's exp(−b (1 − cos ψ)) is a Gaussian of the chord: chord² = 2 R² (1 − cos ψ).
    return ZonalTable(np.exp(-sharpness_of(radius_km) / (2.0 * EARTH_RADIUS_KM**2) * squared))
