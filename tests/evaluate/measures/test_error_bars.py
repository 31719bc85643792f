"""Error bars against closed forms, hand-worked cases and draws whose distribution is known."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from gwkeras.core.grid import Grid
from gwkeras.evaluate.findings.classes import SEASONS, cell_classes, season_of
from gwkeras.evaluate.findings.diagnosis import by_class, diagnosis
from gwkeras.evaluate.measures.error_bars import attainable_correlation, half_width
from gwkeras.evaluate.measures.metric import Cells
from gwkeras.evaluate.measures.scores import Scores
from gwkeras.evaluate.measures.spread import CENTRES_MM, constant_crps, quartiles, spread_sums
from tests.report.small import METHODS, evaluation


def scored(error: np.ndarray, sigma: np.ndarray) -> Scores:
    scores = Scores()
    scores.add(error[None], np.zeros((1, len(error))), np.ones((1, len(error))), sigma=sigma[None])
    return scores


@pytest.mark.parametrize(("variation", "highest"), [(0.1, 0.13), (0.2, 0.25), (0.3, 0.36), (0.5, 0.51), (1.0, 0.68), (1e6, 0.80)])
def test_attainable_correlation_is_the_published_one(variation, highest):
    """√(2/π) c / √(1 + c² − 2/π), tabled to two digits."""
    assert round(float(attainable_correlation(variation)), 2) == highest


def test_a_calibrated_normal_attains_everything():
    rng = np.random.default_rng(0)
    sigma = rng.gamma(4.0, 2.0, 200_000)  # variation 0.5
    scores = scored(sigma * rng.normal(size=sigma.size), sigma)
    for level in (50, 80, 90, 95):
        assert scores[f"coverage_at_{level}"] == pytest.approx(level / 100, abs=0.005)
    assert scores["standardised_error"] == pytest.approx(1.0, abs=0.01)
    assert scores["sigma_correlation"] == pytest.approx(0.51, abs=0.01)
    assert scores["sigma_correlation_share"] == pytest.approx(1.0, abs=0.02)
    assert scores["sigma"] == pytest.approx(math.sqrt(80.0), rel=0.01)  # gamma: mean 8, variance 16


def test_correlation_by_another_library():
    rng = np.random.default_rng(1)
    sigma, error = rng.uniform(1, 3, 50), rng.normal(size=50)
    scores = scored(error, sigma)
    assert scores["sigma_correlation"] == pytest.approx(stats.pearsonr(sigma, np.abs(error)).statistic)
    assert scores["standardised_error"] == pytest.approx(math.sqrt(np.mean((error / sigma) ** 2)))


def test_one_sigma_everywhere_says_nothing_about_where_errors_are():
    scores = scored(np.array([1.0, -2.0, 3.0]), np.full(3, 2.0))
    assert math.isnan(scores["sigma_correlation"])
    assert math.isnan(scores["sigma_correlation_attainable"])
    assert scores["coverage_at_50"] == pytest.approx(1 / 3)  # 0.674 · 2 mm
    assert scores["coverage_at_80"] == pytest.approx(2 / 3)  # 1.282 · 2 mm


def test_without_sigma_there_are_no_error_bars():
    scores = Scores()
    scores.add(np.ones((1, 2)), np.zeros((1, 2)), np.ones((1, 2)))
    assert math.isnan(scores["coverage_at_90"])
    assert scores.as_dict()["sigma"] is None


def test_stated_quantiles_take_the_place_of_the_normal():
    cells = Cells(np.zeros(2), np.zeros(2), np.array([1.0, 2.0]), quantiles=((0.5, 1.0), (0.9, 3.0)))
    assert half_width(cells, 0.7) == pytest.approx([2.0, 4.0])
    assert half_width(cells, 0.95) == pytest.approx([1.959964, 3.919928])  # beyond what is stated


def test_quarters_of_the_land_by_sigma():
    """Four cells of equal weight: each is a quarter; a constant σ as large as the RMSE, √(85 / 4)."""
    sigma, error = np.array([4.0, 1.0, 8.0, 2.0]), np.array([-2.0, 1.0, 8.0, -4.0])
    sums = spread_sums(Cells(error, np.zeros(4), sigma), np.ones(4))
    assert quartiles(sums) == pytest.approx(np.array([[1, 1], [2, 4], [4, 2], [8, 8]]))
    rmse = math.sqrt(85 / 4)
    z = np.abs(error) / rmse
    exact = rmse * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi))
    assert constant_crps(sums) == pytest.approx(exact.mean(), rel=1e-9)


def test_a_shared_bin_is_divided():
    sums = spread_sums(Cells(np.array([1.0, 3.0]), np.zeros(2), np.array([1.0, 2.0])), np.array([1.0, 3.0]))
    assert quartiles(sums) == pytest.approx(np.array([[1, 1], [2, 3], [2, 3], [2, 3]]))


def test_sigma_beyond_the_bins_is_not_lost():
    sums = spread_sums(Cells(np.zeros(2), np.zeros(2), np.array([1e-9, 1e9])), np.ones(2))
    assert sums[0, [0, -1]].tolist() == [1.0, 1.0]
    assert len(CENTRES_MM) == sums.shape[1]


def test_seasons_are_those_of_the_calendar():
    names = [SEASONS[season_of(np.datetime64(f"2003-{month:02d}"))] for month in range(1, 13)]
    assert names == ["DJF"] * 2 + ["MAM"] * 3 + ["JJA"] * 3 + ["SON"] * 3 + ["DJF"]


def test_classes_of_a_coast_and_a_mountain():
    """Six columns of cells, the western one sea: its neighbours are coast. Mountains stand in the east."""
    coarse = Grid(-1.0, 0.0, 1.0, 1.0, 2, 6)
    fine = coarse.refine(2)
    land = np.ones(coarse.shape)
    land[:, 0] = 0.0
    height = np.zeros(fine.shape)
    height[:, 8::2] = 3000.0
    height[:, 5:8] = 100.0
    drivers = SimpleNamespace(static={"elevation": height}, grid=fine)
    domain = SimpleNamespace(
        land=land,
        land_fine=np.repeat(np.repeat(land, 2, 0), 2, 1),
        coarse=coarse,
        fine=fine,
        factor=2,
        fine_origin=(0, 0),
        fine_drivers=drivers,
    )
    found = cell_classes(domain)
    assert found["coast"][0].tolist() == [False] * 2 + [True] * 2 + [False] * 8  # by the sea, and land
    assert found["inland"][0].tolist() == [False] * 4 + [True] * 8
    assert found["rough_terrain"][0, 9:].all()
    assert found["smooth_terrain"][0, 2]
    together = np.sum([found[f"{name}_terrain"] for name in ("smooth", "middle", "rough")], axis=0)
    np.testing.assert_array_equal(together, domain.land_fine > 0)
    drivers.static.clear()
    assert set(cell_classes(domain)) == {"coast", "inland"}


def test_what_is_stored_says_the_same_by_class():
    """The model is 1 mm too high everywhere with a σ of 1 mm."""
    found = evaluation(METHODS)
    assert diagnosis(found, "nearest") is None
    whole = diagnosis(found, "model")
    assert whole.figures["standardised_error"] == pytest.approx(1.0)
    assert whole.crps_gain == pytest.approx(0.0, abs=1e-3)  # its σ is the constant one
    assert math.isnan(whole.slope)
    assert [name for name, _ in by_class(found, "model")] == ["all", "DJF"]
    assert diagnosis(found, "model", season="JJA") is None
