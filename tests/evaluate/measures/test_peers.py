"""The scores against scikit-learn, scoringrules and SciPy, weighted and not, to a millionth."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from scipy import stats
from sklearn import metrics as sklearn

from gwkeras.evaluate.measures.error_bars import LEVELS
from gwkeras.evaluate.measures.scores import Scores


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(12)
    truth = rng.normal(5.0, 30.0, (20, 30))
    sigma = rng.uniform(2.0, 12.0, truth.shape)
    predicted = 0.9 * truth + rng.normal(1.0, 8.0, truth.shape)
    return predicted, truth, rng.uniform(0.2, 2.0, truth.shape), sigma


@pytest.fixture(scope="module")
def scores(drawn):
    predicted, truth, weights, sigma = drawn
    found = Scores()
    half = 1.6448536269514722 * sigma
    found.add(predicted, truth, weights, predicted - half, predicted + half, sigma)
    return found


def flat(*arrays):
    return [a.ravel() for a in arrays]


def test_errors_are_those_of_scikit_learn(drawn, scores):
    predicted, truth, weights, _ = flat(*drawn)
    assert scores["rmse"] == pytest.approx(sklearn.root_mean_squared_error(truth, predicted, sample_weight=weights), abs=1e-6)
    assert scores["mae"] == pytest.approx(sklearn.mean_absolute_error(truth, predicted, sample_weight=weights), abs=1e-6)
    assert scores["r2"] == pytest.approx(sklearn.r2_score(truth, predicted, sample_weight=weights), abs=1e-6)
    assert scores["bias"] == pytest.approx(np.average(predicted - truth, weights=weights), abs=1e-6)


def test_crps_is_that_of_scoringrules(drawn, scores):
    predicted, truth, weights, sigma = flat(*drawn)
    expected = np.average(scoringrules.crps_normal(truth, predicted, sigma), weights=weights)
    assert scores["crps"] == pytest.approx(expected, abs=1e-6)


def test_correlation_and_kge_by_weighted_covariance(drawn, scores):
    predicted, truth, weights, _ = flat(*drawn)
    (s, c), (_, t) = np.cov(predicted, truth, aweights=weights, ddof=0)
    correlation = c / np.sqrt(s * t)
    assert scores["correlation"] == pytest.approx(correlation, abs=1e-6)
    bias = np.average(predicted - truth, weights=weights) / np.sqrt(t)
    kge = 1 - np.sqrt((correlation - 1) ** 2 + (np.sqrt(s / t) - 1) ** 2 + bias**2)
    assert scores["kge"] == pytest.approx(kge, abs=1e-6)


def test_equal_weights_give_scipys_correlation(drawn):
    predicted, truth, _, _ = drawn
    found = Scores()
    found.add(predicted, truth, np.ones(truth.shape))
    assert found["correlation"] == pytest.approx(stats.pearsonr(*flat(predicted, truth)).statistic, abs=1e-6)


def test_coverage_is_that_of_the_normal_s_intervals(drawn, scores):
    predicted, truth, weights, sigma = flat(*drawn)
    for level in LEVELS:
        low, high = stats.norm.interval(level, predicted, sigma)
        expected = np.average((low <= truth) & (truth <= high), weights=weights)
        assert scores[f"coverage_at_{100 * level:g}"] == pytest.approx(expected, abs=1e-6)
    assert scores["coverage_90"] == pytest.approx(scores["coverage_at_90"], abs=1e-6)
