"""Scores against hand-worked cases and plain numpy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from gwkeras.evaluate.measures.metrics import METRICS, columns, crps, integrands
from gwkeras.evaluate.measures.scores import Scores


def test_by_hand():
    """Errors 1, −2, 3 on cells of weight 1, 2, 1: RMSE √((1 + 8 + 9) / 4), MAE 8 / 4; truths 0, 4, 8 about their mean 4."""
    scores = Scores()
    truth = np.array([[0.0, 4.0], [8.0, np.nan]])
    weights = np.array([[1.0, 2.0], [1.0, 9.0]])
    error, below, above = (np.array(values) for values in ([[1, -2], [3, 0]], [[1, 1], [-1, 1]], [[0, 1], [1, 1]]))
    scores.add(truth + error, truth, weights, truth - below, truth + above)
    assert scores["rmse"] == pytest.approx(math.sqrt(4.5))
    assert scores["mae"] == 2.0
    assert scores["r2"] == pytest.approx(1 - 18 / 32)
    assert scores["coverage_90"] == 0.75  # a truth on the bound is inside, one below the lower bound is not
    assert scores.cells == 3
    assert scores["bias"] == 0.0
    assert scores["crps"] == 2.0  # a prediction without σ claims to be exact
    found = scores.as_dict()
    assert {key: found[key] for key in ("rmse", "mae", "bias", "r2", "crps", "coverage_90")} == {
        "rmse": scores["rmse"],
        "mae": 2.0,
        "bias": 0.0,
        "r2": scores["r2"],
        "crps": 2.0,
        "coverage_90": 0.75,
    }


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
    assert scores["crps"] == pytest.approx(7.0 * (math.sqrt(2) - 1) / math.sqrt(math.pi))


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
    assert math.isnan(scores["coverage_90"])
    assert scores.as_dict()["coverage_90"] is None
    if use.any():
        assert scores["rmse"] == pytest.approx(math.sqrt(np.average(error[use] ** 2, weights=w)))
        assert scores["mae"] == pytest.approx(np.average(np.abs(error[use]), weights=w))
    if use.sum() > 1:
        spread = np.average((truth[use] - np.average(truth[use], weights=w)) ** 2, weights=w)
        assert scores["r2"] == pytest.approx(1 - np.average(error[use] ** 2, weights=w) / spread)


def test_nothing_to_judge_gives_no_number():
    scores = Scores()
    scores.add(np.full((2, 2), np.nan), np.ones((2, 2)), np.ones((2, 2)))
    assert [math.isnan(x) for x in (scores["rmse"], scores["mae"], scores["r2"])] == [True] * 3
    assert math.isnan(scores["coverage_90"])
    assert scores.as_dict()["coverage_90"] is None


def test_a_truth_that_never_varies_has_no_r2():
    scores = Scores()
    for _ in range(7):
        scores.add(np.array([[0.2, 0.1]]), np.array([[0.1, 0.1]]), np.array([[0.3, 0.3]]))
    assert math.isnan(scores["r2"])


def test_the_float32_field_of_a_large_anomaly_loses_nothing():
    scores = Scores()
    truth = np.full((100, 100), 1e4, np.float32)
    truth[::2] += 0.5
    scores.add(truth + np.float32(0.25), truth, np.ones((100, 100), np.float32))
    assert scores["rmse"] == 0.25
    assert scores["r2"] == pytest.approx(0.0, abs=1e-6)


class Earlier:
    """The sums as they were added up before there was a registry: the yardstick to the last bit."""

    def __init__(self):
        self.of = dict.fromkeys(("w", "e2", "a", "e", "c", "y", "y2", "in", "iw"), 0.0)

    def add(self, predicted, truth, weights, lower, upper, sigma):
        use = np.isfinite(predicted) & np.isfinite(truth) & (weights > 0)
        w, y = weights[use].astype(np.float64), truth[use].astype(np.float64)
        error = predicted[use].astype(np.float64) - y
        self.of["w"] += w.sum()
        self.of["e2"] += (w * error**2).sum()
        self.of["a"] += (w * np.abs(error)).sum()
        self.of["e"] += (w * error).sum()
        self.of["c"] += (w * crps(error, sigma[use].astype(np.float64))).sum()
        self.of["y"] += (w * y).sum()
        self.of["y2"] += (w * y**2).sum()
        self.of["in"] += w[(lower[use] <= y) & (y <= upper[use])].sum()
        self.of["iw"] += w.sum()

    def scores(self):
        s = self.of
        return {
            "rmse": float(np.sqrt(s["e2"] / s["w"])),
            "mae": float(s["a"] / s["w"]),
            "bias": float(s["e"] / s["w"]),
            "crps": float(s["c"] / s["w"]),
            "r2": float(1.0 - s["e2"] / (s["y2"] - s["y"] ** 2 / s["w"])),
            "coverage_90": float(s["in"] / s["iw"]),
        }


def fields(seed, months=13, shape=(160, 192)):
    """Float32 fields of a demo's size with sea, gaps and error bars."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 190, shape) * (rng.uniform(size=shape) > 0.1)
    for _ in range(months):
        truth = rng.normal(0, 60, shape).astype(np.float32)
        truth[rng.uniform(size=shape) < 0.05] = np.nan
        sigma = rng.uniform(1, 20, shape).astype(np.float32)
        mean = (truth + sigma * rng.normal(size=shape)).astype(np.float32)
        yield mean, truth, weights, mean - 1.6 * sigma, mean + 1.6 * sigma, sigma


def test_the_scores_of_before_come_to_the_last_bit():
    now, before = Scores(), Earlier()
    for field in fields(3):
        now.add(*field)
        before.add(*field)
    found = now.as_dict()
    assert {key: found[key] for key in before.scores()} == before.scores()


def test_correlation_and_kge_against_numpy():
    scores, kept = Scores(), []
    for mean, truth, weights, *_ in fields(5, months=2, shape=(9, 11)):
        scores.add(mean, truth, weights)
        use = np.isfinite(truth) & (weights > 0)
        kept.append(np.stack([mean[use], truth[use], weights[use]]))
    p, y, w = np.concatenate(kept, axis=1).astype(np.float64)
    covariance = np.cov(p, y, aweights=w, ddof=0)
    r = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    assert scores["correlation"] == pytest.approx(r, rel=1e-9)
    alpha, beta = math.sqrt(covariance[0, 0] / covariance[1, 1]), np.average(p - y, weights=w) / math.sqrt(covariance[1, 1])
    assert scores["kge"] == pytest.approx(1 - math.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + beta**2), rel=1e-9)


def test_a_perfect_method_and_one_that_is_twice_the_truth():
    truth = np.array([-3.0, 1.0, 2.0])  # of mean zero
    perfect, double = Scores(), Scores()
    perfect.add(truth, truth, np.ones(3))
    double.add(2 * truth, truth, np.ones(3))
    assert (perfect["kge"], perfect["correlation"], perfect["r2"]) == pytest.approx((1, 1, 1))
    assert double["correlation"] == pytest.approx(1)
    assert double["kge"] == pytest.approx(0)  # α = 2, all else right


def test_a_table_has_a_column_for_each_probability():
    """Bounds of 50 % are not called 90 %."""
    half = [c for c in columns((0.5, 0.9)) if c.metric.of_interval]
    assert [(c.key, c.heading) for c in half] == [("coverage_50", "50 % coverage"), ("coverage_90", "90 % coverage")]
    scores = Scores()
    scores.add(np.zeros(4), np.array([0.0, 1.0, 2.0, 3.0]), np.ones(4), -np.ones(4), np.ones(4), np.ones(4), interval=0.5)
    assert scores.as_dict()["coverage_50"] == 0.5
    assert "coverage_90" not in scores.as_dict()
    assert [scores.value(c) for c in half] == [0.5, None]
    assert [c.heading for c in columns((0.999,)) if c.metric.of_interval] == ["99.9 % coverage"]


def test_keys_and_integrands_are_names_of_one_thing():
    assert len({metric.key for metric in METRICS}) == len(METRICS)
    assert set(integrands(mapped=True)) < set(integrands())
