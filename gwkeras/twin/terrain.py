"""Terrain: basins, ranges whose roughness grows with height, and a coast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gwkeras.core.grid import Grid
from gwkeras.twin.family import Relief
from gwkeras.twin.random_fields import FractalField, generator

_LOWEST_LAND = 5.0  # m


@dataclass(frozen=True)
class Terrain:
    """Fields on the fine grid, (n_lat, n_lon).

    Args:
        elevation: m; negative in the sea.
        land: bool.
        relief: standard deviation of elevation over about 0.5°, m.
        flatness: 1 on plains … 0 in mountains.
        standing: height above the surroundings of about 1°, in units of the local relief; negative in valleys.
    """

    elevation: np.ndarray
    land: np.ndarray
    relief: np.ndarray
    flatness: np.ndarray
    standing: np.ndarray


def make_terrain(grid: Grid, seed: int, sea_share: float, relief: Relief | None = None) -> Terrain:
    """A terrain whose lowest `sea_share` of cells lies below the sea.

    Ridges are the zero lines of a Gaussian field; hills are multiplied by a power of height, as in a multifractal: plains
    stay smooth and ranges are rough at every scale.
    """
    shape = relief or Relief()
    rng = generator(seed, "terrain")
    basin = FractalField(grid, shape.basin_degrees, 4.0).draw(rng)
    belt = _unit_interval(FractalField(grid, shape.range_degrees, 4.0).draw(rng) + 0.5 * basin - 0.5)
    ridge = np.exp(-np.abs(FractalField(grid, 1.5, 3.6).draw(rng)) * 1.6)
    hills = FractalField(grid, 1.0, 3.0).draw(rng)
    height = shape.basin_m * basin + shape.range_m * belt * ridge
    height = height + (shape.hills_m + shape.range_hills_m * belt) * hills
    if shape.bowl_m:
        height = height + shape.bowl_m * _distance_from_middle(grid) ** 2
    level = float(np.quantile(height, sea_share)) if sea_share > 0 else float(height.min()) - _LOWEST_LAND
    height = height - level
    land = height > 0 if sea_share > 0 else np.ones(grid.shape, dtype=bool)
    return terrain_of(grid, np.where(land, np.maximum(height, _LOWEST_LAND), np.minimum(height, -1.0)), land)


def terrain_of(grid: Grid, elevation: np.ndarray, land: np.ndarray) -> Terrain:
    """A terrain from its heights.

    Args:
        grid: of the fields.
        elevation: m, (n_lat, n_lon); at sea negative.
        land: bool, (n_lat, n_lon).
    """
    dry = np.maximum(elevation, 0.0)
    relief = _local_deviation(dry, 0.25 / grid.lat_step)
    standing = (dry - ndimage.gaussian_filter(dry, 0.5 / grid.lat_step, mode="nearest")) / (relief + 60.0)
    return Terrain(elevation, land, relief, np.exp(-relief / 150.0), standing)


def _distance_from_middle(grid: Grid) -> np.ndarray:
    """0 in the region's middle, 1 at the middles of its sides, (n_lat, n_lon)."""
    rows, cols = np.linspace(-1, 1, grid.n_lat), np.linspace(-1, 1, grid.n_lon)
    return np.hypot(rows[:, None], cols[None, :])


def _unit_interval(field: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-2 * field))


def _local_deviation(field: np.ndarray, cells: float) -> np.ndarray:
    mean = ndimage.gaussian_filter(field, cells, mode="nearest")
    return np.sqrt(np.maximum(ndimage.gaussian_filter(field**2, cells, mode="nearest") - mean**2, 0.0))
