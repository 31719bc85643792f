"""The metric that a prior is taught in, (H C Hᵀ + R)⁻¹, tile by tile: tiles are taken for independent of one another.

What one tile's cells say of the next one's is left to kriging. In return the cost does not grow with the square of the region,
a month with a gap loses its tile and no more, and a tile can be held out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial import cKDTree

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance

_JITTER = 1e-6  # of the variance: what rounding may cost


@dataclass(frozen=True)
class Metric:
    """Factors of the inverse covariance of the product's values, one for each tile.

    Args:
        whiteners: (cells, cells) each, L⁻¹ where L Lᵀ = H C Hᵀ + R of the tile's cells.
    """

    whiteners: tuple[np.ndarray, ...]

    @classmethod
    def of(
        cls,
        positions: tuple[np.ndarray, ...],
        noise: tuple[np.ndarray, ...],
        covariance: Covariance,
        spread_km2: float,
        errors: tuple[np.ndarray, ...] = (),
    ) -> Metric:
        """The metric of a covariance.

        Args:
            positions: (cells, 3) km from the Earth's centre, one array for each tile.
            noise: (cells,) variance R of each cell, mm².
            covariance: of fine storage.
            spread_km2: variance along one axis of an observation's weights, the point spread's and the cell's.
            errors: (cells, cells) covariance of what else is wrong with them, mm²; empty: nothing.
        """
        factors = []
        for where, variance, error in zip(positions, noise, errors or [0.0] * len(noise), strict=True):
            squared = ((where[:, None] - where[None]) ** 2).sum(axis=-1)
            matrix = covariance(np.sqrt(squared), 2.0 * spread_km2) + error
            matrix[np.diag_indices_from(matrix)] += variance + _JITTER * covariance.variance
            lower = np.linalg.cholesky(matrix)
            factors.append(solve_triangular(lower, np.eye(len(lower)), lower=True).astype(np.float32))
        return cls(tuple(factors))

    def whiten(self, fields: np.ndarray) -> np.ndarray:
        """L⁻¹ of the last axis, tile after tile: (..., cells) -> (..., cells)."""
        result, start = np.empty_like(fields, dtype=np.float32), 0
        for factor in self.whiteners:
            part = slice(start, start + len(factor))
            result[..., part] = fields[..., part] @ factor.T
            start = part.stop
        return result

    @property
    def log_volume(self) -> np.ndarray:
        """(tile,) log det L⁻¹, for likelihoods."""
        return np.array([np.log(np.diag(factor).astype(float)).sum() for factor in self.whiteners])


def tiles_of(grid: Grid, cells: np.ndarray, side_km: float) -> list[np.ndarray]:
    """Indices into `cells` (k, 2) of the cells of each tile of about `side_km`; tiles of a few cells join their neighbour."""
    step = grid.height_km
    rows = max(1, round(grid.n_lat * step / side_km))
    band = np.minimum(cells[:, 0] * rows // grid.n_lat, rows - 1)
    tiles = []
    for number in range(rows):
        inside = np.flatnonzero(band == number)
        if not inside.size:
            continue
        width = grid.n_lon * step * grid.lon_step / grid.lat_step * np.cos(np.deg2rad(grid.lat[cells[inside, 0]].mean()))
        columns = max(1, round(width / side_km))
        strip = np.minimum(cells[inside, 1] * columns // grid.n_lon, columns - 1)
        tiles += [inside[strip == c] for c in range(columns) if (strip == c).any()]
    return _without_slivers(tiles, grid.positions_km(cells))


def _without_slivers(tiles: list[np.ndarray], where: np.ndarray) -> list[np.ndarray]:
    smallest = max(4, max(map(len, tiles)) // 8)
    while len(tiles) > 1 and min(map(len, tiles)) < smallest:
        tiles = sorted(tiles, key=len)
        centres = np.stack([where[t].mean(axis=0) for t in tiles])
        nearest = int(cKDTree(centres[1:]).query(centres[0])[1]) + 1
        tiles[nearest] = np.sort(np.concatenate([tiles[0], tiles[nearest]]))
        tiles = tiles[1:]
    return sorted(tiles, key=lambda t: int(t[0]))
