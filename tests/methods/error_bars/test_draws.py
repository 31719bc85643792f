"""Draws of a record's errors: their spread, what the product sees of them, and how they go on."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gwkeras.domain.calendar import Calendar
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.draws import ErrorDraws
from gwkeras.methods.error_bars.persistence import Persistence
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail, unseen
from gwkeras.methods.method import Prediction
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, dense, exponential, small

MONTHS = np.arange("2003-01", "2005-01", dtype="datetime64[M]")


def drawn(spread, persistence, count):
    """Draws of three months, 0, 1 and 18 months after the first; σ, which is that of the method, and the domain."""
    observation = small(6, 7, spread=spread)
    rng = np.random.default_rng(1)
    fields = {str(month): 10.0 * rng.standard_normal(observation.fine.shape) for month in MONTHS}
    prior = SimpleNamespace(predict=lambda domain, month, part=None: Prediction(fields[str(month)]))
    domain = SimpleNamespace(
        fine=observation.fine,
        coarse=observation.coarse,
        factor=2,
        land=np.ones((6, 7)),
        land_fine=observation.land,
        observation=observation,
        calendar=Calendar(MONTHS),
    )
    update = assumed(Kriging(conservation="observed", operator_uncertainty=0.0), observation, 400.0, 0.0, 4.0)
    detail = UnseenDetail(1.0, 0.5, np.zeros(observation.fine.shape, np.float32), observation.fine, persistence, persistence)
    errors = ErrorDraws(Composition("m", prior, update, None, detail), domain, count, 5)
    known = np.zeros((6, 7))
    squares = np.mean([unseen(domain, field) ** 2 for field in fields.values()], axis=0)
    sigma = np.sqrt(update.posterior(np.zeros(domain.fine.shape), np.zeros((6, 7))).sigma ** 2 + 0.5 * squares)
    return np.stack([errors.of(known, sigma, month) for month in (40, 41, 58)]), sigma, domain


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread.gaussian(120.0)])
def test_their_spread_is_sigma_and_the_product_sees_none_but_its_noise(spread):
    """Of a posterior error H sees R − R (H C Hᵀ + R)⁻¹ R, from dense matrices: noise of 2 mm, and hardly any detail."""
    found, sigma, domain = drawn(spread, Persistence.usual(), 1500)
    deviation = (found / sigma).std(axis=1)
    assert deviation.mean() == pytest.approx(1.0, abs=0.03)
    assert deviation.std() < 0.04
    c, h = dense(domain.observation, Covariance(400.0, 0.0))
    noise = 0.5 * 4.0 * (np.eye(len(h)) + exponential(domain.coarse, 300.0))
    exact = np.sqrt(np.diag(noise - noise @ np.linalg.solve(h @ c @ h.T + noise, noise)).mean())
    assert domain.observation(found[0]).std() == pytest.approx(exact, rel=0.06)


def test_they_go_on_from_month_to_month_as_errors_do():
    """Half of what lasts is gone after two months, half stays; noise is another each month, and tells how much lasts."""
    (first, second, later), sigma, _ = drawn(PointSpread(), Persistence((0.5, 0.0, 0.0, 0.0, 0.5, 0.0)), 1500)
    first, second, later = (month / sigma for month in (first, second, later))
    near, far = np.mean(first * second), np.mean(first * later)
    expected = [0.5 * np.exp(-lag / 2) + 0.5 * np.exp(-lag / 384) for lag in (1.0, 18.0)]
    assert far / near == pytest.approx(expected[1] / expected[0], abs=0.06)
    assert 0.75 * expected[0] < near < expected[0]
