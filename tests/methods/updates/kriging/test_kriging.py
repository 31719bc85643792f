from __future__ import annotations

import pickle

import numpy as np
import pytest

from gwkeras.core.errors import BadInput, ConfigError
from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.system import lower_factor
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, chords, dense, exponential, small

OBSERVED = Kriging(conservation="observed")


@pytest.fixture
def data():
    return np.random.default_rng(1).standard_normal((6, 7)) * 20.0


def textbook(observation, covariance, noise, recipe, values):
    """K d and diag(C − K H C) from dense matrices."""
    c, h = dense(observation, covariance)
    r = noise * (
        (1 - recipe.noise_correlated) * np.eye(len(h))
        + recipe.noise_correlated * exponential(observation.coarse, recipe.noise_length_km)
    )
    gain = np.linalg.solve(h @ c @ h.T + r, h @ c).T
    return gain @ values.ravel(), np.diag(c - gain @ h @ c)


@pytest.mark.parametrize("slope", [-0.3, 0.5])
@pytest.mark.parametrize("noise", [0.0, 9.0])
def test_brute_force_without_a_filter(data, slope, noise):
    observation = small()
    mean, sigma = assumed(OBSERVED, observation, 900.0, slope, noise).increment(data)
    expected, variance = textbook(observation, Covariance(900.0, slope), noise, OBSERVED, data)
    np.testing.assert_allclose(mean.ravel(), expected, atol=1e-4)
    np.testing.assert_allclose(sigma.ravel() ** 2, variance, atol=2e-2)


def test_brute_force_through_a_filter():
    """Filter and block mean change places, and the kernel is cut at the edge by cells instead of fine cells.

    That costs a few percent of the field's deviation at the edge; the operator of the textbook's matrices is the exact one.
    """
    observation = small(8, 9, spread=PointSpread.gaussian(95.0))
    covariance = Covariance(900.0, 0.3)
    recipe = Kriging(conservation="observed", operator_uncertainty=0.0)
    assert recipe.region(observation).averaged == 1
    _, product = drawn(observation, covariance, 25.0, 5, 3)
    mean, sigma = assumed(recipe, observation, 900.0, 0.3, 25.0).increment(product[0])
    expected, variance = textbook(observation, covariance, 25.0, recipe, product[0])
    expected = expected.reshape(mean.shape)
    assert np.abs(mean - expected).max() < 0.05 * expected.std()
    assert np.abs(mean - expected)[4:-4, 4:-4].max() < 0.02 * expected.std()
    np.testing.assert_allclose(sigma.ravel() ** 2, variance, rtol=0.03)


def test_without_noise_the_product_is_conserved(data):
    observation = small(factor=4)
    f = np.random.default_rng(2).standard_normal(observation.fine.shape)
    mean, _ = assumed(OBSERVED, observation, 400.0, 0.0, 0.0).posterior(f, data)
    np.testing.assert_allclose(observation(mean), data, atol=1e-3)


def test_pinned_cells_are_conserved_with_noise_and_at_coasts(data):
    land = np.ones((12, 14))
    land[3:6, 2:5] = 0.3
    land[0, :] = 0.0
    observation = small(land=land)
    mean, sigma = assumed(Kriging(), observation, 400.0, 0.0, 50.0).posterior(np.zeros((12, 14)), data)
    np.testing.assert_allclose(observation.fine.block_mean(mean, 2, land), data, atol=1e-9)
    assert np.isnan(mean[0]).all()
    assert (sigma[land > 0] > 0).all()


def test_the_detail_of_the_prior_stays_where_nothing_is_seen_of_it(data):
    """f + K (G − H f) with G = H f is f itself."""
    observation = small()
    f = np.random.default_rng(3).standard_normal(observation.fine.shape)
    mean, _ = assumed(OBSERVED, observation, 400.0, 0.0, 4.0).posterior(f, observation(f))
    np.testing.assert_allclose(mean, f, atol=1e-12)


def test_unknown_cells_are_left_out(data):
    observation = small()
    fitted = assumed(OBSERVED, observation, 400.0, 0.2, 9.0)
    holes = data.copy()
    holes[2, 3] = np.nan
    mean, sigma = fitted.increment(holes)
    c, h = dense(observation, Covariance(400.0, 0.2))
    kept = np.isfinite(holes).ravel()
    r = 4.5 * np.eye(42) + 4.5 * exponential(observation.coarse, 300.0)
    expected = c @ h[kept].T @ np.linalg.solve((h @ c @ h.T + r)[np.ix_(kept, kept)], holes.ravel()[kept])
    np.testing.assert_allclose(mean.ravel(), expected, atol=1e-4)
    shown = fitted.posterior(np.zeros(observation.fine.shape), holes).mean
    assert np.isnan(shown[4:6, 6:8]).all()
    assert np.isfinite(shown).sum() == 12 * 14 - 4
    assert sigma[4, 6] > 1.2 * sigma[8, 4]


def test_a_worse_month_is_believed_less(data):
    observation = small()
    residuals = np.random.default_rng(5).standard_normal((12, 6, 7)) * 20
    fitted = OBSERVED.fit_to(residuals, observation, uncertainty=np.full((12, 6, 7), 4.0))
    f = np.zeros(observation.fine.shape)
    usual, worse = (fitted.posterior(f, data, np.full((6, 7), u)) for u in (4.0, 12.0))
    assert np.abs(worse.mean).mean() < np.abs(usual.mean).mean()
    assert (worse.sigma > usual.sigma).all()
    np.testing.assert_array_equal(usual.mean, fitted.posterior(f, data).mean)


def drawn(observation, covariance, noise, months, seed):
    rng = np.random.default_rng(seed)
    c, h = dense(observation, covariance)
    truth = rng.standard_normal((months, len(c))) @ np.linalg.cholesky(c + 1e-8 * np.eye(len(c))).T
    r = 0.5 * noise * (np.eye(len(h)) + exponential(observation.coarse, 300.0))
    product = truth @ h.T + rng.standard_normal((months, len(h))) @ np.linalg.cholesky(r).T
    return truth.reshape(months, *observation.fine.shape), product.reshape(months, *observation.coarse.shape)


@pytest.mark.parametrize("conservation", ["observed", "cells"])
def test_intervals_hold_what_they_say_where_the_model_is_true(conservation):
    observation = small(8, 9)
    truth, product = drawn(observation, Covariance(400.0, 0.0), 40.0, 300, 7)
    fitted = assumed(Kriging(conservation=conservation), observation, 400.0, 0.0, 40.0)
    covered = []
    for t, g in zip(truth, product, strict=True):
        mean, sigma = fitted.posterior(np.zeros(t.shape), g)
        covered.append(np.abs(mean - t) < 1.6449 * sigma)
    assert np.mean(covered) == pytest.approx(0.90, abs=0.02)


def test_fitted_intervals_hold_nearly_what_they_say():
    observation = small(12, 12)
    truth, product = drawn(observation, Covariance(400.0, 0.0), 4.0, 120, 8)
    fitted = Kriging(slopes=(0.0,)).fit_to(product[:80], observation, uncertainty=np.full((80, 12, 12), 2.0))
    assert fitted.covariance.variance == pytest.approx(400.0, rel=0.2)
    posterior = [fitted.posterior(np.zeros(t.shape), g) for t, g in zip(truth[80:], product[80:], strict=True)]
    covered = [np.abs(p.mean - t) < 1.6449 * p.sigma for p, t in zip(posterior, truth[80:], strict=True)]
    assert np.mean(covered) == pytest.approx(0.90, abs=0.03)


def test_saved_loaded_and_pickled_are_the_same(data, tmp_path):
    observation = small(spread=PointSpread.gaussian(120.0))
    residuals = np.random.default_rng(9).standard_normal((8, 6, 7)) * 20
    fitted = OBSERVED.fit_to(residuals, observation, uncertainty=np.ones((8, 6, 7)))
    fitted.save(tmp_path / "update")
    f = np.zeros(observation.fine.shape)
    expected = fitted.posterior(f, data)
    for other in (FittedKriging.load(tmp_path / "update"), pickle.loads(pickle.dumps(fitted))):
        found = other.posterior(f, data)
        np.testing.assert_array_equal(found.mean, expected.mean)
        np.testing.assert_array_equal(found.sigma, expected.sigma)
    assert sorted(path.name for path in (tmp_path / "update").iterdir()) == ["kriging.json", "kriging.npz"]


def test_a_folder_without_an_update(tmp_path):
    with pytest.raises(BadInput, match="fit it again"):
        FittedKriging.load(tmp_path)


def test_a_region_smaller_than_its_filter_is_still_answered():
    observation = small(4, 4, spread=PointSpread.gaussian(400.0))
    residuals = np.random.default_rng(10).standard_normal((10, 1, 1)) * 30 + np.random.default_rng(11).standard_normal((10, 4, 4))
    fitted = Kriging().fit_to(residuals, observation)
    mean, sigma = fitted.posterior(np.zeros(observation.fine.shape), residuals[0])
    assert np.isfinite(mean).all()
    assert (sigma > 0).all()
    # The mean over the region is what such a product shows.
    assert abs(mean.mean() - residuals[0].mean()) < 0.35 * abs(residuals[0].mean())


def test_residuals_of_zero_change_nothing():
    observation = small()
    fitted = Kriging().fit_to(np.zeros((5, 6, 7)), observation)
    f = np.random.default_rng(12).standard_normal(observation.fine.shape)
    np.testing.assert_allclose(fitted.posterior(f, observation(f)).mean, f, atol=1e-9)


def test_an_uncertainty_of_zero_states_none(data):
    observation = small()
    residuals = np.random.default_rng(13).standard_normal((8, 6, 7)) * 20
    stated, silent = (OBSERVED.fit_to(residuals, observation, uncertainty=u) for u in (np.zeros((8, 6, 7)), None))
    f = np.zeros(observation.fine.shape)
    np.testing.assert_array_equal(stated.posterior(f, data).mean, silent.posterior(f, data).mean)


def test_noise_is_never_less_than_the_product_says():
    observation = small()
    residuals = np.random.default_rng(14).standard_normal((40, 6, 7))
    fitted = OBSERVED.fit_to(residuals, observation, uncertainty=np.full((40, 6, 7), 100.0))
    mean, _ = fitted.posterior(np.zeros(observation.fine.shape), residuals[0])
    assert np.abs(mean).max() < 0.05


def test_months_whose_cells_differ_are_left_out_of_the_fit():
    observation = small()
    residuals = np.random.default_rng(15).standard_normal((20, 6, 7)) * 10
    with_gap = residuals.copy()
    with_gap[3, 2, 2] = np.nan
    fitted = OBSERVED.fit_to(with_gap, observation)
    without = OBSERVED.fit_to(np.delete(residuals, 3, axis=0), observation)
    assert fitted.covariance == without.covariance


def test_no_months_that_agree():
    with pytest.raises(BadInput, match="none with a value on land"):
        Kriging().fit_to(np.full((5, 6, 7), np.nan), small())
    one = np.full((5, 6, 7), np.nan)
    one[0] = 1.0
    with pytest.raises(BadInput, match="1 months with values"):
        Kriging().fit_to(one, small())


def test_fields_of_another_grid():
    with pytest.raises(BadInput, match="residuals: expected fields on the product's grid"):
        Kriging().fit_to(np.zeros((5, 3, 3)), small())
    with pytest.raises(BadInput, match="uncertainty: expected"):
        Kriging().fit_to(np.ones((5, 6, 7)), small(), uncertainty=np.ones((5, 3, 3)))


def test_cells_that_repeat_one_another():
    with pytest.raises(BadInput, match="singular"):
        lower_factor(np.ones((3, 3)))


@pytest.mark.parametrize(
    ("key", "value"), [("slopes", ()), ("noise_correlated", 1.5), ("conservation", "all"), ("noise_length_km", 0.0)]
)
def test_settings_out_of_range(key, value):
    with pytest.raises(ConfigError, match=rf"update\.{key}"):
        Kriging(**{key: value})


def test_cells_are_pinned_unless_the_filter_is_wider():
    assert Kriging().region(small()).pinned
    assert not Kriging().region(small(spread=PointSpread.gaussian(250.0))).pinned
    assert Kriging(conservation="cells").region(small(spread=PointSpread.gaussian(250.0))).pinned
    assert not OBSERVED.region(small()).pinned


def test_distances_are_chords():
    # A quarter of the globe apart: R √2.
    grid = Grid(-0.5, -0.5, 1.0, 90.0 + 1e-9, 1, 2)
    assert chords(grid)[0, 1] == pytest.approx(6371.0 * np.sqrt(2), rel=1e-6)
