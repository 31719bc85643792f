"""Slopes and tests against SciPy and pymannkendall, with gaps, ties and autocorrelation."""

from __future__ import annotations

import numpy as np
import pymannkendall
import pytest
from scipy import stats

from gwkeras.analysis.trend.season import masks_of, without_season
from gwkeras.analysis.trend.theil_sen import sen_trend

TIMES = np.arange(60)


def records(count=6):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(TIMES.size, count))
    for month in range(1, TIMES.size):
        noise[month] += 0.6 * noise[month - 1]
    values = noise + 0.03 * TIMES[:, None]
    values[:, 1] = np.round(values[:, 1])  # ties
    values[:, 2] -= 0.1 * TIMES
    return values


def test_slopes_and_intervals_are_scipy_s():
    values = records()
    found = sen_trend(values, TIMES, correction="none")
    for k in range(values.shape[1]):
        expected = stats.theilslopes(values[:, k], TIMES, 0.95)
        assert (found.slope[k], found.lower[k], found.upper[k]) == pytest.approx(
            (expected.slope, expected.low_slope, expected.high_slope), abs=1e-9
        )
        if k != 1:  # SciPy's tau corrects for ties, Mann's does not
            assert found.tau[k] == pytest.approx(stats.kendalltau(TIMES, values[:, k]).statistic, abs=1e-9)


@pytest.mark.parametrize("confidence", [0.95, 0.9])
def test_tests_are_pymannkendall_s(confidence):
    values = records()
    plain = sen_trend(values, TIMES, confidence=confidence, correction="none")
    corrected = sen_trend(values, TIMES, confidence=confidence)
    for k in range(values.shape[1]):
        for found, test in (
            (plain, pymannkendall.original_test),
            (corrected, pymannkendall.hamed_rao_modification_test),
        ):
            expected = test(values[:, k], alpha=1 - confidence)
            assert (found.slope[k], found.z[k], found.p_value[k], found.tau[k]) == pytest.approx(
                (expected.slope, expected.z, expected.p, expected.Tau), abs=1e-6
            )
        assert corrected.inflation[k] == pytest.approx(
            pymannkendall.hamed_rao_modification_test(values[:, k], alpha=1 - confidence).var_s
            / pymannkendall.original_test(values[:, k]).var_s
        )
    assert (corrected.inflation > 1).any()


def test_gaps_keep_their_time():
    """Slopes are those of SciPy at the true times; a record of every second month has half the pairs at even lags alone."""
    values = records()
    values[20:31, 0] = np.nan
    values[::2, 3] = np.nan
    values[8:, 4] = np.nan
    found = sen_trend(values, TIMES)
    for k in (0, 3):
        known = np.isfinite(values[:, k])
        assert found.slope[k] == pytest.approx(stats.theilslopes(values[known, k], TIMES[known]).slope, abs=1e-9)
    assert np.isnan([found.slope[4], found.p_value[4]]).all()  # eight values
    assert np.isfinite(found.p_value[[0, 1, 2, 3, 5]]).all()


def test_a_constant_record_has_no_trend():
    found = sen_trend(np.full((30, 1), 5.0), np.arange(30))
    assert (found.slope[0], found.p_value[0]) == (0.0, 1.0)


def test_the_season_goes_and_the_trend_stays():
    months = np.arange(3, 87)
    cycle = np.array([5.0, 3, 1, 0, -4, -9, -6, -2, 1, 4, 5, 2])
    values = (cycle[months % 12] + 0.5 * months)[:, None].repeat(2, axis=1)
    values[10:15, 1] = np.nan
    found = without_season(values, months)
    known = np.isfinite(values)
    np.testing.assert_allclose(np.diff(found[:, 0]), 0.5, atol=1e-9)
    np.testing.assert_allclose(found[:10, 1] - found[0, 1], 0.5 * np.arange(10), atol=1e-9)
    np.testing.assert_array_equal(np.isfinite(found), known)


def test_masks_hold_each_column_once():
    values = np.array([[1.0, np.nan, 2.0, np.nan], [1.0, 1.0, 1.0, 3.0]])
    found = {tuple(known): sorted(columns.tolist()) for columns, known in masks_of(values)}
    assert found == {(True, True): [0, 2], (False, True): [1, 3]}
