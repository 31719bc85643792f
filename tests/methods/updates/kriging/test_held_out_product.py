"""The held-out product against leaving a cell out by hand, and against draws whose covariance is known."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.methods.updates.kriging.selection.held_out_product import held_out_product
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.test_kriging import drawn
from tests.methods.updates.kriging.worlds import assumed, dense, small


def test_one_cell_left_out_by_hand():
    observation = small(4, 5)
    _, product = drawn(observation, Covariance(400.0, 0.0), 9.0, 3, 1)
    expected = np.random.default_rng(2).normal(size=product.shape)
    found = held_out_product(assumed(Kriging(noise_correlated=0.0), observation, 400.0, 0.0, 9.0), product, expected)
    c, h = dense(observation, Covariance(400.0, 0.0))
    whole = h @ c @ h.T + 9.0 * np.eye(20)
    rest = np.delete(np.arange(20), 7)
    weights = np.linalg.solve(whole[np.ix_(rest, rest)], whole[rest, 7])
    values, said = product.reshape(3, 20), expected.reshape(3, 20)
    np.testing.assert_allclose(found.errors[7], values[:, 7] - values[:, rest] @ weights, atol=1e-3)
    np.testing.assert_allclose(found.detail[7], said[:, 7] - said[:, rest] @ weights, atol=1e-3)
    assert found.sigma[7] == pytest.approx(np.sqrt(whole[7, 7] - weights @ whole[rest, 7]), rel=1e-4)
    assert found.rows.tolist() == [0, 1, 2]
    assert (found.lat[7], found.lon[7]) == pytest.approx((observation.coarse.lat[1], observation.coarse.lon[2]), abs=1e-6)


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread.gaussian(95.0)])
def test_errors_are_as_large_as_their_sigma_where_the_model_is_true(spread):
    observation = small(8, 9, spread=spread)
    _, product = drawn(observation, Covariance(400.0, 0.0), 4.0, 300, 5)
    recipe = Kriging(operator_uncertainty=0.0)
    found = held_out_product(assumed(recipe, observation, 400.0, 0.0, 4.0), product, np.zeros(product.shape))
    assert np.mean((found.errors / found.sigma[:, None]) ** 2) == pytest.approx(1.0, abs=0.08)


def test_a_larger_region_in_patches_is_the_same():
    observation = small(16, 18, factor=1)
    product = np.random.default_rng(3).normal(size=(2, 16, 18))
    found = held_out_product(assumed(Kriging(), observation, 400.0, 0.0, 4.0), product, product)
    assert found.errors.shape == (288, 2)
    np.testing.assert_allclose(found.errors, found.detail)
    c, h = dense(observation, Covariance(400.0, 0.0))
    from tests.methods.updates.kriging.worlds import exponential

    whole = h @ c @ h.T + 2.0 * np.eye(288) + 2.0 * exponential(observation.coarse, 300.0)
    precision = np.linalg.inv(whole)
    exact = (precision @ product.reshape(2, 288).T) / np.diag(precision)[:, None]
    order = np.lexsort((found.lon.round(3), found.lat.round(3)))  # patches come one after the other
    np.testing.assert_allclose(found.errors[order], exact, atol=0.02)


def test_unknown_cells_and_months_are_left_out():
    observation = small(6, 7)
    _, product = drawn(observation, Covariance(400.0, 0.0), 4.0, 5, 9)
    product[:, 0, 0] = np.nan
    product[2] = np.nan
    found = held_out_product(assumed(Kriging(), observation, 400.0, 0.0, 4.0), product, np.zeros(product.shape))
    assert found.rows.tolist() == [0, 1, 3, 4]
    assert len(found.errors) == 41
    assert np.isfinite(found.errors).all()
