"""A filter where the region is cut out of a larger one: it sees land beyond the edge, on which nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.core.latest import Latest
from gwkeras.observation.convolution import Convolution
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import REACH, PointSpread

_NARROWEST = 0.1  # of a parallel's length, as a share of the equator's
_NEGLIGIBLE = 1e-4  # weight of a cell beyond the edge
_FADED = 1e-5  # share of the largest weight
_MATRIX_CELLS = 2048  # of a grid whose H is a matrix of at most 16 MiB; filtering takes several times as long
_AT_ONCE = 128  # of its columns
_MATRICES = 2  # kept
_MANY = 16  # fields, from which on it is worth making

Linear = Callable[[np.ndarray], np.ndarray]
"""(..., k) to (..., k) float32."""


@dataclass(frozen=True, eq=False)
class OpenEdges:
    """H between the cells of one grid, of fields that go on beyond its edges as they are at the nearest cell.

    So does the land: a region that ends in sea has nothing beyond, and H is that of `Observation`.

    Args:
        grid: of fields and of what is seen of them.
        land: (n_lat, n_lon) land fraction of its cells.
        spread: a Gaussian.
    """

    grid: Grid
    land: np.ndarray
    spread: PointSpread

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """What is seen of fields: (..., n_lat, n_lon) to the same shape, NaN where there is no land."""
        (south, _), (west, _) = self._padding
        seen = self._whole(self._continued(values))
        return seen[..., south : south + self.grid.n_lat, west : west + self.grid.n_lon]

    def at(self, cells: np.ndarray, values: np.ndarray, then: Linear | None = None) -> np.ndarray:
        """What is seen of fields in some cells: of many fields of a small grid by a matrix, which is kept for the same cells.

        Args:
            cells: (k, 2) row and column, on land.
            values: (..., n_lat, n_lon); NaN as in `__call__`.
            then: a linear map that what is seen is taken through; it goes into the matrix.
        Returns: (..., k) float32.
        """
        size = self.grid.n_lat * self.grid.n_lon
        if size > _MATRIX_CELLS or np.size(values) < _MANY * size or not np.isfinite(values).all():
            seen = self(values)[..., cells[:, 0], cells[:, 1]].astype(np.float32)
            return seen if then is None else then(seen)
        rows = self._matrices.get((cells.tobytes(), then), lambda: self._matrix(cells, then))
        return values.reshape(*np.shape(values)[:-2], size).astype(np.float32, copy=False) @ rows

    def _matrix(self, cells: np.ndarray, then: Linear | None) -> np.ndarray:
        """(n_lat · n_lon, k) float32, what each cell weighs in those that are seen."""
        size = self.grid.n_lat * self.grid.n_lon
        result = np.empty((size, len(cells)), dtype=np.float32)
        for start in range(0, size, _AT_ONCE):
            units = np.eye(min(_AT_ONCE, size - start), size, start).reshape(-1, *self.grid.shape)
            result[start : start + len(units)] = self(units)[:, cells[:, 0], cells[:, 1]]
        return result if then is None else then(result)

    @cached_property
    def _matrices(self) -> Latest[np.ndarray]:
        return Latest(_MATRICES)

    def beyond(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the land beyond the edges, less its continuation from the nearest cell within, weighs in what is seen.

        Args:
            cells: (k, 2) row and column.
        Returns: (p, 2) row and column on `wide`, and (k, p) weights; p = 0 far from any edge.
        """
        (south, _), (west, _) = self._padding
        outside = np.argwhere(self._outside & (self._whole.land > 0))
        own = np.asarray(cells, dtype=int).reshape(-1, 2) + np.array([south, west])
        chords = np.linalg.norm(self.wide.positions_km(own)[:, None] - self.wide.positions_km(outside)[None], axis=-1)
        weights = self.spread.weight(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / (2 * EARTH_RADIUS_KM), 1.0)))
        weights *= self._mass[tuple(outside.T)] / self._reached[tuple(own.T)][:, None]
        some = (weights > _NEGLIGIBLE).any(axis=0)
        outside, weights = outside[some], weights[:, some]
        if not some.any():
            return outside, weights
        last = south + self.grid.n_lat - 1, west + self.grid.n_lon - 1
        nearest, which = np.unique(np.clip(outside, (south, west), last), axis=0, return_inverse=True)
        taken = np.zeros((len(weights), len(nearest)))
        np.add.at(taken.T, which.ravel(), weights.T)
        return np.concatenate([outside, nearest]), np.concatenate([weights, -taken], axis=1)

    @property
    def are_there(self) -> bool:
        """Whether the grid has edges that the filter sees beyond: the whole globe has none."""
        return self.wide.shape != self.grid.shape

    def within(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rows of H for some cells near one another, on a grid without edges; weights below 1e-5 of the peak are left out.

        Args:
            cells: (k, 2) row and column.
        Returns: (n,) positions in the flattened grid, and (k, n) weights.
        """
        where, land = self.grid.positions_km(cells), self._land_km
        middle = where.mean(axis=0)
        farthest = self.spread.half_weight_km * np.sqrt(np.log2(1 / _FADED)) + np.linalg.norm(where - middle, axis=1).max()
        near = np.flatnonzero(np.linalg.norm(land - middle, axis=1) <= farthest)
        chords = np.linalg.norm(where[:, None] - land[near][None], axis=-1)
        weights = self.spread.weight(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chords / (2 * EARTH_RADIUS_KM), 1.0)))
        weights *= self._mass.ravel()[self._land_cells[near]] / self._reached[tuple(np.asarray(cells).T)][:, None]
        some = (weights > _FADED * weights.max()).any(axis=0)
        return self._land_cells[near[some]], weights[:, some]

    @cached_property
    def _land_cells(self) -> np.ndarray:
        """Positions in the flattened grid."""
        return np.flatnonzero(self._mass.ravel() > 0)

    @cached_property
    def _land_km(self) -> np.ndarray:
        rows, columns = np.unravel_index(self._land_cells, self.grid.shape)
        return self.grid.positions_km(np.stack([rows, columns], axis=1))

    @cached_property
    def wide(self) -> Grid:
        """The grid with so many cells around it as the filter reaches; none beyond a pole or around the globe."""
        (south, north), (west, east) = self._padding
        return self.grid.window(-south, -west, self.grid.n_lat + south + north, self.grid.n_lon + west + east)

    @cached_property
    def _padding(self) -> tuple[tuple[int, int], tuple[int, int]]:
        grid, reach = self.grid, REACH * self.spread.half_weight_km
        degree = np.deg2rad(1.0) * EARTH_RADIUS_KM
        rows = int(np.ceil(reach / (degree * grid.lat_step)))
        narrowest = max(float(np.cos(np.deg2rad(np.abs(grid.lat).max()))), _NARROWEST)
        columns = int(np.ceil(reach / (degree * grid.lon_step * narrowest)))
        south, north = (max(0, int((90.0 + edge) / grid.lat_step + 1e-6)) for edge in (grid.south, -grid.north))
        around = 0 if grid.is_periodic else max(0, int(360.0 / grid.lon_step + 1e-6) - grid.n_lon) // 2
        return (min(rows, south), min(rows, north)), (min(columns, around),) * 2

    @cached_property
    def _outside(self) -> np.ndarray:
        (south, _), (west, _) = self._padding
        outside = np.ones(self.wide.shape, dtype=bool)
        outside[south : south + self.grid.n_lat, west : west + self.grid.n_lon] = False
        return outside

    @cached_property
    def _whole(self) -> Observation:
        return Observation(self.wide, 1, self._continued(self.land), self.spread)

    @cached_property
    def _mass(self) -> np.ndarray:
        return self.wide.area * self._whole.land

    @cached_property
    def _reached(self) -> np.ndarray:
        """What normalises the filter."""
        return Convolution(self.wide, self.spread)(self._mass if self.spread.over == "land" else self.wide.area)

    def _continued(self, values: np.ndarray) -> np.ndarray:
        return np.pad(values, [*[(0, 0)] * (np.ndim(values) - 2), *self._padding], mode="edge")
