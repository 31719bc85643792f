"""Parts of kriging's errors against the textbook's posterior covariance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation
from gwkeras.methods.updates.kriging.covariance.patterns import lasting
from gwkeras.methods.updates.kriging.error_parts import ErrorParts, error_parts
from gwkeras.methods.updates.kriging.months_together import MonthsTogether
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.test_months_together import Record
from tests.methods.updates.kriging.worlds import assumed, dense, exponential, small


def assert_means_are_as_exact(found, sigma, posterior, carried) -> None:
    """Root mean squares of drawn means over a corner, a block and the whole: of both parts together, and of the noise alone."""
    unseen, _, noise = (part * size for part, size in zip(found, found.sizes(sigma), strict=True))
    for rows, cols in ((slice(0, 6), slice(0, 8)), (slice(4, 6), slice(4, 6)), (slice(0, 12), slice(0, 16))):
        weights = np.zeros(sigma.shape)
        weights[rows, cols] = 1.0 / np.ones(sigma.shape)[rows, cols].sum()
        flat = weights.ravel()
        for drawn, exact in ((unseen + noise, posterior), (noise, carried)):
            mean = drawn.reshape(len(drawn), -1) @ flat
            assert np.sqrt((mean**2).mean()) == pytest.approx(np.sqrt(flat @ exact @ flat), rel=0.1)


def test_means_are_as_uncertain_as_the_posterior_says():
    """Var of the mean over a part of the region: w (C − K H C) wᵀ, and of the noise's share w K R Kᵀ wᵀ, from dense matrices."""
    observation = small(6, 8, south=0.0)
    recipe = Kriging(conservation="observed")
    c, h = dense(observation, Covariance(400.0, 0.0))
    noise = 0.5 * 25.0 * (np.eye(len(h)) + exponential(observation.coarse, recipe.noise_length_km))
    gain = np.linalg.solve(h @ c @ h.T + noise, h @ c).T
    posterior, carried = c - gain @ h @ c, gain @ noise @ gain.T
    sigma = np.sqrt(np.diag(posterior)).reshape(observation.fine.shape)
    found = error_parts(assumed(recipe, observation, 400.0, 0.0, 25.0), np.ones((6, 8), bool), 800, 3)
    np.testing.assert_allclose(
        (found.unseen**2 + found.noise**2).mean(axis=0), np.diag(posterior).reshape(sigma.shape), rtol=0.25
    )
    assert not found.detail.any()
    assert_means_are_as_exact(found, sigma, posterior, carried)


def test_months_together_leave_what_the_smoother_leaves():
    """Var of a mean in a usual month, from dense matrices of all months: both parts together, and the noise's part of it."""
    observation, months = small(6, 8, south=0.0), 12
    update = replace(assumed(Kriging(conservation="observed"), observation, 400.0, 0.0, 100.0), lasting_months=12.0)
    c, h = dense(observation, Covariance(400.0, 0.0))
    noise = 0.5 * 100.0 * (np.eye(len(h)) + exponential(observation.coarse, 300.0))
    together = lasting(np.arange(months), 12.0)
    gain = np.kron(together, c @ h.T) @ np.linalg.inv(np.kron(together, h @ c @ h.T) + np.kron(np.eye(months), noise))
    usual = np.arange(months)

    def mean_of(whole):
        return whole.reshape(months, c.shape[0], months, c.shape[0])[usual, :, usual].mean(axis=0)

    carried = mean_of(gain @ np.kron(np.eye(months), noise) @ gain.T)
    posterior = c - mean_of(gain @ np.kron(together, h @ c))
    sigma = np.sqrt(np.diag(posterior)).reshape(observation.fine.shape)
    known = np.ones((6, 8), bool)
    found = error_parts(update, known, 1500, 3, together=MonthsTogether.of(update, Record(observation, np.zeros((months, 6, 8)))))
    assert_means_are_as_exact(found, sigma, posterior, carried)


def test_land_beyond_an_edge_is_no_noise():
    """Noise of 2 mm, where edges make the product uncertain by 10: the other 96 mm² go together over two radii and are unseen."""
    observation, known = small(6, 8, south=0.0, spread=PointSpread.gaussian(120.0)), np.ones((6, 8), bool)
    update = assumed(Kriging(conservation="observed", operator_uncertainty=0.0), observation, 400.0, 0.0, 4.0)
    vars(update)["deviation"] = np.full((6, 8), 10.0)
    c, h = dense(observation, Covariance(400.0, 0.0))
    both = 0.5 * (np.eye(len(h)) + exponential(observation.coarse, 300.0))
    gain = np.linalg.solve(h @ c @ h.T + 100.0 * both, h @ c).T
    left = np.eye(len(c)) - gain @ h
    unseen = left @ c @ left.T + 96.0 * gain @ exponential(observation.coarse, 240.0) @ gain.T
    found = error_parts(update, known, 1500, 3)
    for drawn, exact in ((found.unseen, unseen), (found.noise, 4.0 * gain @ both @ gain.T)):
        assert np.sqrt((drawn**2).mean()) == pytest.approx(np.sqrt(np.diag(exact).mean()), rel=0.06)
        assert np.sqrt((drawn.mean(axis=(1, 2)) ** 2).mean()) == pytest.approx(np.sqrt(exact.mean()), rel=0.06)


def test_sigma_is_made_up_of_detail_where_there_is_any():
    """Of 3 and 4 mm, σ of 13 mm leaves 12 mm to detail; where there is none, or σ is 2.5 mm, both are scaled alike."""
    signs = np.array([1.0, -1.0, 1.0, -1.0])[:, None, None]
    parts = ErrorParts(3.0 * signs * np.ones((4, 1, 3)), signs * np.array([[[1.0, 0.0, 1.0]]]), 4.0 * signs * np.ones((4, 1, 3)))
    sizes = parts.sizes(np.array([[13.0, 10.0, 2.5]]))
    np.testing.assert_allclose(sizes[0], [[1.0, 2.0, 0.5]])
    np.testing.assert_allclose(sizes[1], [[12.0, 0.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(sizes[2], sizes[0])


def test_noise_that_was_seen_is_drawn_as_large_as_it_is():
    """Noise of 4 mm where 10 mm are believed: what K makes of it, √diag(K R Kᵀ), is two fifths as large."""
    update, known = assumed(Kriging(conservation="observed"), small(6, 8, south=0.0), 400.0, 0.0, 100.0), np.ones((6, 8), bool)
    believed, seen = (error_parts(update, known, 400, 3, correlation=NoiseCorrelation(1.0, 170.0, of)) for of in (0.0, 16.0))
    assert (seen.noise / believed.noise).mean() == pytest.approx(0.4, rel=1e-3)
    np.testing.assert_array_equal(seen.unseen, believed.unseen)


def test_the_same_seed_gives_the_same_draws():
    update = assumed(Kriging(), small(4, 4), 400.0, 0.0, 9.0)
    one, two = (error_parts(update, np.ones((4, 4), bool), 3, 5) for _ in range(2))
    np.testing.assert_array_equal(one.unseen, two.unseen)


def test_a_region_too_large_to_keep_its_draws():
    update = assumed(Kriging(), small(600, 500, factor=2, step=0.1, south=-30.0), 400.0, 0.0, 9.0)
    with pytest.raises(BadInput, match="a region of at most 1,000,000 fine cells"):
        error_parts(update, np.ones((600, 500), bool), 10, 0)
