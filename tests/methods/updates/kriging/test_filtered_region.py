"""A large region through a filter: solved as a whole, against the matrices of one window that holds it all."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.system import signal, system
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.methods.updates.kriging.solvers.conjugate_gradients import conjugate_gradients
from gwkeras.methods.updates.kriging.solvers.filtered_region import FilteredRegion
from gwkeras.methods.updates.kriging.solvers.near_factor import factor_of, factor_rows
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import Over, PointSpread
from tests.methods.updates.kriging.worlds import assumed, chords

COARSE = Grid.covering(16, 34, 70, 94, 1.0)
LAND = np.ones(COARSE.shape, dtype=np.float32)
LAND[6:9, 8:12] = LAND[:, 21:] = 0.0  # a lake and a coast
LAND[:, 20] = 0.4
VARIANCE, SLOPE, NOISE = 3600.0, 0.3, 25.0


@cache
def both(over: Over = "land") -> tuple[FittedKriging, FittedKriging]:
    """The same update, solved by one window and as a large region; a cell of 1° is one observation."""
    observation = Observation(COARSE.refine(2), 2, nearest_upsample(LAND, 2), PointSpread.gaussian(110.0, over))
    recipe = Kriging(conservation="observed", operator_uncertainty=0.15)
    one, many = (assumed(replace(recipe, largest_window=n), observation, VARIANCE, SLOPE, NOISE) for n in (3000, 100))
    assert len(one.region.windows) == 1
    assert isinstance(many._solver, FilteredRegion)
    return one, many


def product(seed: int) -> np.ndarray:
    """A rough field of 60 mm, as the product would show it."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(Covariance(VARIANCE, SLOPE)(chords(COARSE)) + 1e-6 * np.eye(COARSE.n_lat * COARSE.n_lon))
    fine = nearest_upsample((root @ rng.standard_normal(len(root))).reshape(COARSE.shape), 2)
    return both()[0].region.observation(fine)


@pytest.mark.parametrize("over", ["land", "everything"])
def test_the_system_is_that_of_the_window(over):
    one, many = both(over)
    (window,), known = one.region.windows, LAND > 0
    observed = one.region.observed(window, known)
    part = signal(observed, one.region.covariances(window).of(SLOPE), one.region.uncertain)
    whole, _ = system(part, VARIANCE, one.noise, observed, one.deviation)
    multiply = many._solver.product(known, 1.0)
    some = np.arange(0, observed.count, 23)
    found = np.stack([multiply(np.eye(observed.count)[k]) for k in some])
    np.testing.assert_allclose(found, whole[some], atol=2e-4 * whole.max())


@pytest.mark.parametrize("over", ["land", "everything"])
def test_a_month_is_that_of_the_window(over):
    one, many = both(over)
    values = product(1)
    values[3, 4] = np.nan
    expected, found = (fitted.posterior(np.zeros(fitted.region.observation.fine.shape), values) for fitted in (one, many))
    assert np.nanstd(expected.mean) > 30.0
    assert np.nanmax(np.abs(found.mean - expected.mean)) < 0.1
    np.testing.assert_allclose(found.sigma, expected.sigma, rtol=0.02)


def test_a_region_that_blocks_do_not_divide():
    """Rows and columns that fill no block of 2 × 2 cells: the middle is as where they do."""
    grid = Grid.covering(10, 31, 70, 95, 0.5)
    observation = Observation(grid.refine(2), 2, np.ones(grid.refine(2).shape), PointSpread.gaussian(150.0))
    smaller = Observation(grid.window(0, 0, 41, 49).refine(2), 2, np.ones((82, 98)), PointSpread.gaussian(150.0))
    recipe = Kriging(conservation="observed", largest_window=1000)
    even, odd = (assumed(recipe, each, VARIANCE, SLOPE, NOISE) for each in (observation, smaller))
    assert (even.region.grid.shape, odd.region.grid.shape) == ((21, 25), (21, 25))
    rough = np.random.default_rng(4).standard_normal(grid.shape).cumsum(axis=0).cumsum(axis=1)
    values = observation(nearest_upsample(rough, 2))
    one = even.posterior(np.zeros(observation.fine.shape), values)
    other = odd.posterior(np.zeros(smaller.fine.shape), values[:41, :49])
    assert other.mean.shape == (82, 98)
    middle = slice(20, 50), slice(20, 60)
    assert np.abs(one.mean[middle] - other.mean[middle]).max() < 0.01 * one.mean.std()
    np.testing.assert_allclose(one.sigma[middle], other.sigma[middle], rtol=1e-3)


def test_the_globe_has_no_seam():
    """A field turned by a quarter of the globe is downscaled to the same, turned."""
    grid = Grid.covering(-60, 75, -180, 180, 5.0)
    land = (np.random.default_rng(1).random(grid.shape) < 0.6).astype(float)
    values = 40.0 * np.random.default_rng(2).standard_normal(grid.shape)
    recipe = Kriging(conservation="observed", largest_window=100)
    found = []
    for turn in (0, 18):
        turned = nearest_upsample(np.roll(land, turn, axis=1), 2)
        observation = Observation(grid.refine(2), 2, turned, PointSpread.gaussian(600.0))
        fitted = assumed(recipe, observation, 1600.0, 0.0, 25.0)
        assert isinstance(fitted._solver, FilteredRegion)
        known = np.roll(land, turn, axis=1) > 0
        found.append(fitted._solver.increment(np.roll(values, turn, axis=1), known, 1.0))
    assert found[0].std() > 5
    np.testing.assert_allclose(np.roll(found[0], 36, axis=1), found[1], atol=0.01)


def test_a_factor_from_near_observations_makes_few_steps():
    """A smooth covariance under little noise on 400 points: conjugate gradients without it take more than 150 steps."""
    rng = np.random.default_rng(5)
    grid = Grid.covering(0, 20, 70, 90, 1.0)
    cells = np.argwhere(np.ones(grid.shape, dtype=bool))
    apart = chords(grid)
    matrix = Covariance(900.0, 0.6)(apart, 2e4) + 0.5 * np.eye(400) + 0.5 * np.exp(-apart / 300.0)
    # Two windows with three columns of one another, as a large region has them.
    parts = []
    for own in (cells[:, 1] < 10, cells[:, 1] >= 10):
        seen = np.flatnonzero((cells[:, 1] < 13) if own[0] else (cells[:, 1] >= 7))
        corner = cells[seen].min(axis=0)
        parts.append(factor_rows(matrix[np.ix_(seen, seen)], cells[seen] - corner, seen, np.flatnonzero(own[seen])))
    factor = factor_of(parts, 400)
    assert factor.nnz < 400 * 61  # eleven columns of the five rows before, five cells of the row itself, and the cell
    counted = []

    def multiply(vector: np.ndarray) -> np.ndarray:
        counted.append(1)
        return matrix @ vector

    right = rng.standard_normal(400)
    np.testing.assert_allclose(conjugate_gradients(multiply, right, factor), np.linalg.solve(matrix, right), atol=1e-4)
    assert len(counted) < 30
