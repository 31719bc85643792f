"""Scores against hand-worked cases and plain numpy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from gwkeras.evaluate.metrics import Scores, crps


def test_by_hand():
    """Errors 1, −2, 3 on cells of weight 1, 2, 1: RMSE √((1 + 8 + 9) / 4), MAE 8 / 4; truths 0, 4, 8 about their mean 4."""
    scores = Scores()
    truth = np.array([[0.0, 4.0], [8.0, np.nan]])
    weights = np.array([[1.0, 2.0], [1.0, 9.0]])
    error, below, above = (np.array(values) for values in ([[1, -2], [3, 0]], [[1, 1], [-1, 1]], [[0, 1], [1, 1]]))
    scores.add(truth + error, truth, weights, truth - below, truth + above)
    assert scores.rmse == pytest.approx(math.sqrt(4.5))
    assert scores.mae == 2.0
    assert scores.r2 == pytest.approx(1 - 18 / 32)
    assert scores.coverage == 0.75  # a truth on the bound is inside, one below the lower bound is not
    assert scores.cells == 3
    assert scores.bias == 0.0
    assert scores.crps == 2.0  # a prediction without σ claims to be exact
    assert scores.as_dict() == {"rmse": scores.rmse, "mae": 2.0, "bias": 0.0, "r2": scores.r2, "crps": 2.0, "coverage_90": 0.75}


def test_crps_is_the_integral_that_defines_it():
    """∫ (F(x) − 1[x ≥ y])² dx, by quadrature."""
    for error, sigma in [(0.0, 1.0), (3.0, 2.0), (-25.0, 4.0)]:
        normal = stats.norm(error, sigma)  # predicted, with the truth at 0
        below = integrate.quad(lambda x, f=normal: f.cdf(x) ** 2, error - 40 * sigma, 0.0)[0]
        above = integrate.quad(lambda x, f=normal: f.sf(x) ** 2, 0.0, error + 40 * sigma)[0]
        assert crps(np.array([error]), np.array([sigma]))[0] == pytest.approx(below + above, rel=1e-6)
    assert crps(np.array([-3.0]), np.array([0.0])).tolist() == [3.0]


def test_crps_of_months_is_weighted():
    """At zero error it is σ (√2 − 1) / √π."""
    scores, nothing = Scores(), np.zeros((1, 2))
    scores.add(nothing, nothing, np.array([[1.0, 3.0]]), sigma=np.array([[4.0, 8.0]]))
    assert scores.crps == pytest.approx(7.0 * (math.sqrt(2) - 1) / math.sqrt(math.pi))


@given(seed=st.integers(0, 100), months=st.integers(1, 5))
def test_months_together_are_one_long_list(seed, months):
    rng = np.random.default_rng(seed)
    truth, error = rng.normal(5, 20, (months, 3, 4)), rng.normal(size=(months, 3, 4))
    truth[rng.uniform(size=truth.shape) < 0.2] = np.nan
    error[rng.uniform(size=truth.shape) < 0.2] = np.nan
    weights = rng.uniform(0, 1, (3, 4)) * (rng.uniform(size=(3, 4)) > 0.2)
    scores = Scores()
    for y, e in zip(truth, error, strict=True):
        scores.add(y + e, y, weights)
    use = np.isfinite(truth + error) & (weights > 0)
    w = np.broadcast_to(weights, truth.shape)[use]
    assert scores.cells == use.sum()
    assert scores.coverage is None
    if use.any():
        assert scores.rmse == pytest.approx(math.sqrt(np.average(error[use] ** 2, weights=w)))
        assert scores.mae == pytest.approx(np.average(np.abs(error[use]), weights=w))
    if use.sum() > 1:
        spread = np.average((truth[use] - np.average(truth[use], weights=w)) ** 2, weights=w)
        assert scores.r2 == pytest.approx(1 - np.average(error[use] ** 2, weights=w) / spread)


def test_nothing_to_judge_gives_no_number():
    scores = Scores()
    scores.add(np.full((2, 2), np.nan), np.ones((2, 2)), np.ones((2, 2)))
    assert [math.isnan(x) for x in (scores.rmse, scores.mae, scores.r2)] == [True] * 3
    assert scores.coverage is None


def test_a_truth_that_never_varies_has_no_r2():
    scores = Scores()
    for _ in range(7):
        scores.add(np.array([[0.2, 0.1]]), np.array([[0.1, 0.1]]), np.array([[0.3, 0.3]]))
    assert math.isnan(scores.r2)


def test_the_float32_field_of_a_large_anomaly_loses_nothing():
    scores = Scores()
    truth = np.full((100, 100), 1e4, np.float32)
    truth[::2] += 0.5
    scores.add(truth + np.float32(0.25), truth, np.ones((100, 100), np.float32))
    assert scores.rmse == 0.25
    assert scores.r2 == pytest.approx(0.0, abs=1e-6)
