"""What a product shows of a window: its known cells, averaged where a filter leaves neighbours nothing of their own to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.covariance import point_spread_km
from gwkeras.methods.updates.zonal_tables import ZonalTable, squared_chords
from gwkeras.observation.point_spread import PointSpread

_CELLS_PER_SPREAD = 0.9
"""Observations are means over blocks of 0.9 p: a filter with exp(−k²p²/2) leaves e⁻⁶ of what such blocks cannot show."""


def cells_averaged(grid: Grid, spread: PointSpread) -> int:
    """q: product cells along each axis whose mean is taken as one observation; 1 without a filter."""
    if spread.kind == "none":
        return 1
    side = np.deg2rad(grid.lat_step) * EARTH_RADIUS_KM
    return max(1, int(_CELLS_PER_SPREAD * point_spread_km(spread.half_weight_km) / side))


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
    averaged: int = field(default=1)

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
        lat, lon = np.deg2rad(self.grid.lat[self.cells[:, 0]]), np.deg2rad(self.grid.lon[self.cells[:, 1]])
        points = EARTH_RADIUS_KM * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
        return np.stack([np.bincount(self.groups, self.weights * axis, self.count) for axis in points.T], axis=1)

    def operator(self, widened: float = 1.0) -> SeenThrough:
        """A H for cell means, with the half-weight radius `widened` times as large."""
        return SeenThrough(self, widened)


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

    @cached_property
    def kernel(self) -> ZonalTable:
        grid, radius = self.observed.grid, self.observed.spread.half_weight_km * self.widened
        squared = squared_chords(grid.lat, grid.lat, np.arange(grid.n_lon) * grid.lon_step)
        # Jekeli's exp(−b (1 − cos ψ)) is a Gaussian of the chord: chord² = 2 R² (1 − cos ψ).
        sharpness = np.log(2.0) / (2.0 * EARTH_RADIUS_KM * np.sin(radius / EARTH_RADIUS_KM / 2.0)) ** 2
        return ZonalTable(np.exp(-sharpness * squared))

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
        return self.kernel(given / self.reached) * self.mass

    def rows(self) -> np.ndarray:
        """(count, n_lat, n_lon)."""
        return self.adjoint(np.eye(self.observed.count))
