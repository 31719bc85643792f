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
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, small

MONTHS = np.arange("2003-01", "2005-01", dtype="datetime64[M]")


def drawn(spread, persistence, count):
    """Draws in units of σ of three months, 0, 1 and 18 months after the first; the domain, the method and the prior's fields."""
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
    return np.stack([errors.of(known, month) for month in (40, 41, 58)]), domain, update, list(fields.values())


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread.gaussian(120.0)])
def test_their_spread_is_sigma_and_the_product_sees_none_but_its_noise(spread):
    found, domain, update, fields = drawn(spread, Persistence.usual(), 1500)
    deviation = found.std(axis=1)
    assert deviation.mean() == pytest.approx(1.0, abs=0.03)
    assert deviation.std() < 0.04
    squares = np.mean([unseen(domain, field) ** 2 for field in fields], axis=0)
    kriged = update.posterior(np.zeros(domain.fine.shape), np.zeros((6, 7))).sigma ** 2
    errors = found[0] * np.sqrt(kriged + 0.5 * squares)
    seen = domain.observation(errors[:200])
    assert seen.std() < 2.0  # mm: the noise of the product
    assert seen.std() < 0.25 * errors[:200].std()


def test_they_go_on_from_month_to_month_as_errors_do():
    """Half of what lasts is gone after two months, half stays; noise is another each month, and tells how much lasts."""
    (first, second, later), *_ = drawn(PointSpread(), Persistence((0.5, 0.0, 0.0, 0.0, 0.5, 0.0)), 1500)
    near, far = np.mean(first * second), np.mean(first * later)
    expected = [0.5 * np.exp(-lag / 2) + 0.5 * np.exp(-lag / 384) for lag in (1.0, 18.0)]
    assert far / near == pytest.approx(expected[1] / expected[0], abs=0.06)
    assert 0.75 * expected[0] < near < expected[0]
