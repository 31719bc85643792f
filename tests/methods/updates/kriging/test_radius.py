from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.selection.radius import _likelihoods, _powers, radius_profile
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import chords, exponential


def product(radius: float, months: int = 60) -> tuple[np.ndarray, Observation]:
    """Months of a Gaussian storage on cells of 1°, seen through a filter, with noise of 2 % of its variance."""
    rng = np.random.default_rng(3)
    grid = Grid.covering(10, 25, 70, 86, 1.0)
    observation = Observation(grid, 1, np.ones(grid.shape), PointSpread.gaussian(radius) if radius else PointSpread())
    count = grid.n_lat * grid.n_lon
    root = np.linalg.cholesky(Covariance(400.0, 0.3)(chords(grid)) + 1e-8 * np.eye(count))
    seen = observation((rng.standard_normal((months, count)) @ root.T).reshape(months, *grid.shape))
    noise = np.linalg.cholesky(0.5 * np.eye(count) + 0.5 * exponential(grid, 300.0))
    return seen + np.sqrt(0.02 * seen.var()) * (rng.standard_normal((months, count)) @ noise.T).reshape(seen.shape), observation


def test_likelihoods_are_those_of_a_normal_with_its_variance_at_its_best():
    rng = np.random.default_rng(5)
    values, spans = rng.normal(size=(16, 4)), np.arange(16) // 2
    factor = rng.normal(size=(4, 4))
    matrix = factor @ factor.T + np.eye(4)
    counts = np.array([16, *[14] * 8])
    found = _likelihoods(matrix, _powers(values, spans), counts)
    for row, kept in enumerate([np.ones(16, bool), *(spans != span for span in range(8))]):
        squares = np.einsum("mi,ij,mj->m", values[kept], np.linalg.inv(matrix), values[kept])
        scale = squares.mean() / 4
        each = multivariate_normal(cov=scale * matrix).logpdf(values[kept]).mean()
        assert found[row] == pytest.approx(each + 2 * np.log(2 * np.pi) + 2)  # what is alike for all K is left out


@pytest.mark.slow
@pytest.mark.parametrize("radius", [150.0, 250.0])
def test_the_radius_is_found(radius):
    values, observation = product(radius)
    profile = radius_profile(values, observation.coarse, observation.land)
    assert profile.lower_km <= radius <= profile.upper_km
    assert profile.upper_km - profile.lower_km < 0.6 * radius
    assert profile.best_km == pytest.approx(radius, rel=0.15)
    assert not profile.contradicts(PointSpread.gaussian(radius))
    assert profile.contradicts(PointSpread())
    assert profile.contradicts(PointSpread.gaussian(2 * radius))


@pytest.mark.slow
def test_no_filter_is_found():
    values, observation = product(0.0)
    profile = radius_profile(values, observation.coarse, observation.land)
    assert profile.lower_km == 0.0
    assert not profile.contradicts(PointSpread())


def test_too_little_to_find_a_radius_from():
    grid = Grid.covering(10, 12, 70, 72, 1.0)
    values = np.random.default_rng(1).standard_normal((30, 2, 2))
    with pytest.raises(BadInput, match="20 neighbouring blocks of 150 km"):
        radius_profile(values, grid, np.ones(grid.shape))
