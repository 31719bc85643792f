"""Noise that is smooth in space is not taken for storage through a narrower filter."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.selection.radius import radius_profile
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import chords


def test_a_radius_is_found_under_smooth_noise():
    """200 km, storage that lasts for a year or two, and noise of 1 % of its variance correlated as exp(−d² / 2 (170 km)²)."""
    rng = np.random.default_rng(5)
    grid, months, radius, lasting = Grid.covering(10, 21, 70, 81, 1.0), 120, 200.0, 0.97
    observation = Observation(grid, 1, np.ones(grid.shape), PointSpread.gaussian(radius))
    distance, count = chords(grid), grid.n_lat * grid.n_lon
    root = np.linalg.cholesky(Covariance(400.0, 0.3)(distance) + 1e-8 * np.eye(count))
    storage = rng.standard_normal((months, count)) @ root.T
    for month in range(1, months):
        storage[month] = lasting * storage[month - 1] + np.sqrt(1 - lasting**2) * storage[month]
    seen = observation(storage.reshape(months, *grid.shape))
    smooth = np.linalg.cholesky(np.exp(-(distance**2) / (2 * 170.0**2)) + 0.05 * np.eye(count))
    noise = rng.standard_normal((months, count)) @ smooth.T
    profile = radius_profile(seen + np.sqrt(0.01 * seen.var()) * noise.reshape(seen.shape), grid, observation.land)
    assert profile.best_km == pytest.approx(radius, rel=0.15)  # month by month, with noise thought rough: 151
