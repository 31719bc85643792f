from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import ConfigError
from gwkeras.core.grid import nearest_upsample
from gwkeras.methods.updates.kriging.amplitude import Amplitude, sizes_of
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, dense, small

OBSERVED = Kriging(conservation="observed")


def test_sizes_are_roots_of_the_priors_beside_the_regions_and_a_share_of_it():
    """Mean squares of 16, 0 and 4 on two cells each: the region's size is √(40 / 6)."""
    squares = np.array([[16.0, 0.0, 4.0], [16.0, 0.0, 4.0]])
    found = sizes_of(squares, np.ones((2, 3)))
    expected = np.sqrt(np.array([4.0, 0.0, 2.0]) / np.sqrt(40 / 6) + 0.1)
    np.testing.assert_allclose(found, [expected, expected], rtol=1e-6)
    assert sizes_of(np.zeros((2, 3)), np.ones((2, 3))) is None
    assert sizes_of(squares, np.zeros((2, 3))) is None


def test_a_map_counts_beside_what_the_product_sees_of_it():
    observation = small(2, 2)
    sizes = nearest_upsample(np.array([[3.0, 5.0], [5.0, 3.0]]), 2)
    found = Amplitude.over(sizes, OBSERVED.region(observation))
    np.testing.assert_allclose(found.seen, np.array([[3.0, 5.0], [5.0, 3.0]]) / np.sqrt(17.0), rtol=1e-6)
    np.testing.assert_allclose(found.fine, sizes / np.sqrt(17.0), rtol=1e-6)


def test_brute_force_where_errors_are_not_alike():
    """K = A C₀ A Hᵀ (H A C₀ A Hᵀ)⁻¹ of dense matrices, exact where a is the same all over a product cell."""
    observation = small()
    rng = np.random.default_rng(3)
    data, sizes = 20.0 * rng.standard_normal((6, 7)), rng.uniform(0.3, 3.0, (6, 7))
    update = replace(assumed(OBSERVED, observation, 900.0, 0.3, 0.0), sizes=nearest_upsample(sizes, 2))
    mean, _ = update.increment(data)
    c, h = dense(observation, Covariance(900.0, 0.3))
    a = nearest_upsample(sizes, 2).ravel()
    c = a[:, None] * c * a
    expected = (np.linalg.solve(h @ c @ h.T, h @ c).T @ data.ravel()).reshape(mean.shape)
    np.testing.assert_allclose(mean, expected, atol=1e-3)


def test_within_a_cell_the_residual_goes_where_the_prior_varies():
    """A single cell, too small for its covariance to tell its parts: 4 mm are shared as 1 to 3."""
    observation = small(1, 1, step=0.05)  # 5.5 km: errors of the covariance's lengths are alike all over it
    sizes = np.array([[1.0, 3.0], [1.0, 3.0]])
    update = replace(assumed(Kriging(conservation="cells"), observation, 900.0, 1.5, 0.0), sizes=sizes)
    found = update.posterior(np.zeros((2, 2)), np.full((1, 1), 4.0)).mean
    np.testing.assert_allclose(found, [[2.0, 6.0], [2.0, 6.0]], atol=0.05)


def test_through_a_filter_it_keeps_to_the_product_as_well_as_with_errors_that_are_alike():
    """Sizes that double from south to north, over five half-weight radii: H K d misses d by no more than twice as much."""
    observation = small(10, 11, spread=PointSpread.gaussian(95.0))
    recipe = Kriging(conservation="observed", operator_uncertainty=0.0)
    update = assumed(recipe, observation, 900.0, 0.3, 0.01)
    lat = observation.fine.lat[:, None] + np.zeros(observation.fine.shape)
    data = update.region.seen(10.0 * np.sin(lat))
    varied = replace(update, sizes=1.0 + (lat - lat.min()) / np.ptp(lat))
    missed = [np.abs(data - each.region.seen(each.increment(data)[0]))[2:-2, 2:-2].max() for each in (update, varied)]
    assert missed[1] < 2 * missed[0]
    assert np.abs(varied.increment(data)[0] - update.increment(data)[0]).max() > 0.02


def test_kept_told_apart_and_moved(tmp_path):
    observation = small()
    alike = assumed(OBSERVED, observation, 900.0, 0.3, 4.0)
    sizes = np.random.default_rng(0).uniform(0.3, 2.0, observation.fine.shape).astype(np.float32)
    update = replace(alike, sizes=sizes)
    update.save(tmp_path)
    found = FittedKriging.load(tmp_path)
    np.testing.assert_array_equal(found.sizes, sizes)
    assert found.digest == update.digest != alike.digest
    alike.save(tmp_path / "alike")
    assert FittedKriging.load(tmp_path / "alike").sizes is None


def test_a_size_that_is_not_known_is_refused():
    with pytest.raises(ConfigError, match=r"update.error_size.*prior or alike"):
        Kriging(error_size="large")
