"""Small Gaussian worlds whose covariance is known exactly, and the textbook's matrices for them."""

from __future__ import annotations

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread


def small(n_lat=6, n_lon=7, factor=2, spread=None, step=0.5, south=20.0, land=None) -> Observation:
    coarse = Grid(south, 75.0, step, step, n_lat, n_lon)
    fine = coarse.refine(factor)
    return Observation(fine, factor, np.ones(fine.shape) if land is None else land, spread or PointSpread())


def chords(grid: Grid) -> np.ndarray:
    """(n, n) km through the Earth between all cell centres."""
    lat, lon = (np.deg2rad(a).ravel() for a in np.meshgrid(grid.lat, grid.lon, indexing="ij"))
    points = EARTH_RADIUS_KM * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))


def dense(observation: Observation, covariance: Covariance) -> tuple[np.ndarray, np.ndarray]:
    """C (fine, fine) and H (coarse, fine)."""
    grid = observation.coarse
    cells = np.argwhere(np.ones(grid.shape, dtype=bool))
    return covariance(chords(observation.fine)), observation.rows(cells).reshape(len(cells), -1)


def exponential(grid: Grid, length: float) -> np.ndarray:
    return np.exp(-chords(grid) / length)


def assumed(recipe: Kriging, observation: Observation, variance: float, slope: float, noise: float) -> FittedKriging:
    """The update with parameters that are given, not fitted."""
    region = recipe.region(observation)
    nothing = np.zeros(region.grid.shape)
    model = Noise(noise, recipe.noise_correlated, recipe.noise_length_km)
    return FittedKriging(region, Covariance(variance, slope), model, nothing, np.ones_like(nothing))
