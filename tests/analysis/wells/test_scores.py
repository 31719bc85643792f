"""Scores of wells, their intervals and their differences within cells, against numpy, SciPy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gwkeras.analysis.wells.bootstrap import median_of, share_above_zero
from gwkeras.analysis.wells.scores import scores
from gwkeras.analysis.wells.within_cell import pairs


def test_scores_are_numpy_s_and_scipy_s():
    rng = np.random.default_rng(1)
    level, field = rng.normal(size=(4, 60)), 100 * rng.normal(size=(4, 60))
    field += 80 * level
    level[1, ::3] = np.nan
    field[2, 5:20] = np.nan
    level[3] = 4.2
    specific_yield = np.array([0.1, 0.2, np.nan, 0.1])
    found = scores(level, field, specific_yield)
    for k in range(3):
        known = np.isfinite(level[k]) & np.isfinite(field[k])
        x, y = level[k, known], field[k, known]
        assert found.correlation[k] == pytest.approx(np.corrcoef(x, y)[0, 1])
        line = stats.linregress(x, y)
        assert found.apparent_specific_yield[k] == pytest.approx(line.slope / 1000)
        if k < 2:
            storage = 1000 * specific_yield[k] * (x - x.mean())
            error = y - y.mean() - storage
            assert found.slope[k] == pytest.approx(stats.linregress(storage, y).slope)
            assert found.rmse[k] == pytest.approx(np.sqrt((error**2).mean()))
            assert found.nse[k] == pytest.approx(1 - (error**2).sum() / (storage**2).sum())
            assert found.bias[k] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan([found.slope[2], found.rmse[2], found.nse[2], found.bias[2]]).all()
    assert np.isnan([found.correlation[3], found.slope[3], found.nse[3]]).all()


def test_a_bias_is_what_is_left_beyond_the_baseline():
    """Equal in the first year; then the field lies 30 mm too high for as long again."""
    level = np.tile([0.0, 1.0], 12)[None]
    field = 100.0 * level + np.r_[np.zeros(12), np.full(12, 30.0)]
    base = (np.arange(24) < 12)[None]
    found = scores(level, field, np.array([0.1]), base)
    assert found.bias == pytest.approx([15.0])
    assert found.rmse == pytest.approx([np.sqrt(0.5 * 30.0**2)])


def test_medians_are_numpy_s_whatever_is_drawn():
    values = np.array([3.0, np.nan, 1.0, 2.0, 10.0])
    found = median_of(values, np.array([0, 0, 1, 2, 3]), draws=500, interval=0.9, seed=0)
    assert (found.value, found.number, found.groups) == (2.5, 4, 4)
    assert 1.0 <= found.lower < 2.5 < found.upper <= 10.0
    alone = median_of(np.array([1.0, 2.0]), np.array([7, 7]), draws=100, interval=0.9, seed=0)
    assert alone.value == 1.5
    assert np.isnan(alone.lower)
    assert median_of(np.array([np.nan]), np.array([0]), draws=100, interval=0.9, seed=0).number == 0


def test_the_interval_of_a_median_over_many_groups_is_the_textbook_s():
    """Of n Normal values the standard error of the median is about 1.2533 / √n; of groups of 4 equal values, n counts groups."""
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(400), 4)
    values = rng.normal(size=400)[groups]
    found = median_of(values, groups, draws=4000, interval=0.95, seed=0)
    assert found.upper - found.lower == pytest.approx(2 * 1.96 * 1.2533 / np.sqrt(400), rel=0.25)


def test_shares_have_the_interval_of_a_binomial():
    rng = np.random.default_rng(4)
    values = np.where(rng.random(1000) < 0.7, 1.0, -1.0)
    found = share_above_zero(values, np.arange(1000), draws=2000, interval=0.95, seed=0)
    assert found.value == pytest.approx((values > 0).mean())
    assert found.upper - found.lower == pytest.approx(2 * 1.96 * np.sqrt(0.21 / 1000), rel=0.15)


def test_differences_within_cells_tell_detail_from_amplitude():
    """Two product cells of two fine cells each. A field with the true detail agrees, one with its reverse disagrees, and the
    cell's own series with another amplitude in each fine cell has no difference at all."""
    rng = np.random.default_rng(5)
    common, detail = rng.normal(size=(2, 2, 120))
    level = np.stack([common[0] + detail[0], common[0] - detail[0], common[1] + detail[1], common[1] - detail[1]])
    coarse, fine = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])
    right, wrong = 50 * level, 50 * level[[1, 0, 3, 2]]
    assert pairs(level, right, coarse, fine).correlation == pytest.approx([1.0, 1.0])
    assert pairs(level, wrong, coarse, fine).correlation == pytest.approx([-1.0, -1.0])
    amplitude = common[[0, 0, 1, 1]] * np.array([1.0, 3.0, 1.0, 0.5])[:, None]
    assert np.isnan(pairs(level, amplitude, coarse, fine).correlation).all()
    assert pairs(level, right, coarse, fine).coarse.tolist() == [0, 1]


def test_wells_of_one_fine_cell_are_one_and_short_pairs_none():
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 60))
    level = np.stack([a, a + 5.0, 7.0 * a, b])
    field = np.stack([a, a, a, b])
    found = pairs(level, field, np.zeros(4, int), np.array([4, 4, 4, 5]))
    assert found.correlation == pytest.approx([1.0])
    level[3, 20:] = np.nan
    assert pairs(level, field, np.zeros(4, int), np.array([4, 4, 4, 5])).correlation.size == 0
