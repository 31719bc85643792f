from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.methods.updates.kriging.simulation import Simulation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, chords, small


def test_a_simulation_has_its_covariance():
    """Of 6,000 draws the covariance with a corner, against the closed form; 1 / √6000 is 1.3 %."""
    grid, covariance = Grid.covering(20, 23, 75, 79, 0.5), Covariance(400.0, 0.3)
    simulation = Simulation.of(grid, lambda squared: covariance(np.sqrt(squared)), 3000.0)
    rng = np.random.default_rng(1)
    drawn = simulation.draw(rng, 6000).reshape(6000, -1)
    np.testing.assert_allclose(drawn.T @ drawn[:, 0] / len(drawn), covariance(chords(grid))[:, 0], atol=4 * 400 / np.sqrt(6000))
    assert np.abs(drawn.mean(axis=0)).max() < 4 * 20 / np.sqrt(6000)


def test_a_grid_too_large_to_simulate():
    with pytest.raises(BadInput, match="draws: expected a region whose fields can be drawn in 1 GiB"):
        Simulation.of(Grid.covering(-90, 90, -180, 180, 0.25), lambda squared: np.exp(-squared), 100.0)


@pytest.mark.parametrize(
    ("spread", "conservation"), [(None, "cells"), (None, "observed"), (PointSpread.gaussian(150.0), "observed")]
)
def test_draws_honour_product_and_sigma(spread, conservation):
    """Their spread is σ; H of a draw differs from G by the noise, which is 6 mm here."""
    observation = small(9, 10, spread=spread)
    fitted = assumed(Kriging(conservation=conservation, operator_uncertainty=0.0), observation, 400.0, 0.0, 36.0)
    product = np.random.default_rng(2).standard_normal((9, 10)) * (20.0 if spread is None else 3.0)
    product[4, 5] = np.nan
    expected = np.random.default_rng(3).standard_normal(observation.fine.shape)
    draws = fitted.draws(expected, product, 1500, np.random.default_rng(4))
    mean, sigma = fitted.posterior(expected, product)
    known = np.isfinite(mean)
    np.testing.assert_array_equal(np.isfinite(draws).all(axis=0), known)
    assert np.abs((draws.mean(axis=0) - mean)[known] / sigma[known]).max() < 5 / np.sqrt(1500)
    ratio = draws.std(axis=0)[known] / sigma[known]
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)
    assert ratio.std() < 0.05
    if spread is None:
        shown = np.stack([observation(draw) - product for draw in draws])[:, np.isfinite(product)]
        assert shown.std() == pytest.approx(6.0, rel=0.5)
        assert np.abs(shown.mean()) < 1.0


@pytest.mark.parametrize("spread", [None, PointSpread.gaussian(150.0)])
def test_draws_of_errors_that_are_larger_in_some_cells(spread):
    """From a half to one and a half times as large: their spread is σ, and the product sees less of them than its noise, 6 mm."""
    observation = small(9, 10, spread=spread)
    lon, lat = np.meshgrid(observation.fine.lon, observation.fine.lat)
    sizes = 1.0 + 0.5 * np.sin(2 * lon) * np.cos(3 * lat)
    fitted = assumed(Kriging(conservation="observed", operator_uncertainty=0.0), observation, 400.0, 0.0, 36.0)
    fitted, nothing = replace(fitted, sizes=sizes), np.zeros(observation.fine.shape)
    draws = fitted.draws(nothing, np.zeros((9, 10)), 800, np.random.default_rng(4))
    sigma = fitted.posterior(nothing, np.zeros((9, 10))).sigma
    assert (draws.std(axis=0) / sigma).mean() == pytest.approx(1.0, abs=0.05)
    assert np.corrcoef(draws.std(axis=0).ravel(), sigma.ravel())[0, 1] > 0.9
    assert np.std([observation(draw) for draw in draws]) < 6.0
