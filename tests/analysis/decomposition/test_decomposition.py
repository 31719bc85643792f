"""Parts of series against statsmodels and series of known parts; gaps; drivers."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from statsmodels.tsa.seasonal import STL

from gwkeras.analysis.decomposition.drivers import correlation, independent_values
from gwkeras.analysis.decomposition.gaps import filled, longest_gap, mean_cycle, on_every_month
from gwkeras.analysis.decomposition.record import Series, cell_series, decomposition, whole_region, zone_series
from gwkeras.analysis.decomposition.stl import StlOptions, strength, taken_apart
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.report.sections.decomposition import driver_table, strength_table

MONTHS = np.arange(3, 123)


def known_parts(seed=0):
    rng = np.random.default_rng(seed)
    trend = 0.01 * (MONTHS - 60.0) ** 2
    season = 30 * np.cos(2 * np.pi * (MONTHS - 8) / 12)
    return trend, season, rng.normal(size=MONTHS.size)


@pytest.mark.parametrize("options", [StlOptions(), StlOptions(7, 25, robust=False), StlOptions(35, 151)])
@pytest.mark.parametrize("span", [30, 101, 120])
def test_parts_are_statsmodels(options, span):
    """Series with one far value, with many, with none; shorter than the smoothers, and not of whole years."""
    values = np.stack([sum(known_parts(seed)) for seed in (0, 1, 2)], axis=1)[:span]
    values[7, 0] = 900.0
    values[::5, 2] += 300.0 * np.random.default_rng(0).normal(size=len(values[::5]))
    found = taken_apart(values, MONTHS[:span], options)
    for k in range(3):
        expected = STL(values[:, k], period=12, seasonal=options.seasonal, trend=options.trend, robust=options.robust).fit()
        np.testing.assert_allclose(found.trend[:, k], expected.trend, atol=1e-6)
        np.testing.assert_allclose(found.season[:, k], expected.seasonal, atol=1e-6)
        np.testing.assert_allclose(found.remainder[:, k], expected.resid, atol=1e-6)
        assert found.gaps[k] == 0


def test_series_that_an_outlier_or_nothing_is_left_of():
    """Exact parts leave no remainder, so that nearly all weights are 0 but some, and a window may have none."""
    values = np.stack([np.zeros(60), np.r_[np.zeros(59), 5.0], np.repeat([0.0, 7.0], 30)], axis=1)
    found = taken_apart(values, MONTHS[:60])
    for k in range(3):
        expected = STL(values[:, k], period=12, seasonal=13, robust=True).fit()
        np.testing.assert_allclose(found.trend[:, k], expected.trend, atol=1e-6)
        np.testing.assert_allclose(found.season[:, k], expected.seasonal, atol=1e-6)


def test_even_lengths_are_refused():
    with pytest.raises(BadInput, match="an odd length of at least 13, found 24"):
        StlOptions(trend=24)


def test_gaps_are_filled_for_the_fit_alone():
    trend, season, noise = known_parts()
    values = (trend + season + 0.1 * noise)[:, None]
    values[40:51] = np.nan
    found = taken_apart(values, MONTHS)
    assert found.gaps.tolist() == [11]
    assert np.isnan(found.trend[40:51]).all()
    kept = np.r_[0:40, 51:120]
    np.testing.assert_allclose(found.season[kept, 0], season[kept], atol=2.0)
    np.testing.assert_allclose(found.trend[kept, 0] - found.trend[kept, 0].mean(), trend[kept] - trend[kept].mean(), atol=3.0)
    assert found.trend_strength[0] > 0.9
    assert found.season_strength[0] > 0.99


def test_series_with_too_many_gaps_have_no_parts():
    values = np.stack([sum(known_parts())] * 4, axis=1)
    values[30:50, 0] = np.nan  # twenty in a row
    values[1::3, 1] = np.nan  # a third
    values[20:, 2] = np.nan
    found = taken_apart(values, MONTHS)
    assert found.gaps.tolist() == [-1, -1, -1, 0]


def test_what_fills_a_gap():
    """A line and a cycle are filled exactly, whatever is missing of them."""
    cycle = np.array([4.0, 2, 0, -2, -5, -6, -3, 0, 2, 3, 4, 1])
    exact = 7.0 + 0.5 * MONTHS + cycle[MONTHS % 12]
    values = np.stack([exact, exact], axis=1)
    values[[50, 51, 52, 80], 0] = np.nan
    np.testing.assert_allclose(filled(values, MONTHS)[:, 0], exact, atol=1e-9)
    np.testing.assert_allclose(mean_cycle(exact[:, None], MONTHS)[:, 0], cycle - cycle.mean(), atol=1e-9)
    full, every = on_every_month(np.array([[1.0], [2.0]]), np.array([5, 8]))
    np.testing.assert_array_equal(full[:, 0], [1.0, np.nan, np.nan, 2.0])
    assert every.tolist() == [5, 6, 7, 8]
    assert longest_gap(np.isfinite(full[:, 0])) == 2


def test_strengths_of_a_hand_worked_case():
    part, remainder = np.array([0.0, 4.0, 0.0, 4.0]), np.array([1.0, 1.0, -1.0, -1.0])
    found = strength(np.stack([part, np.zeros(4)], axis=1), np.stack([remainder, np.zeros(4)], axis=1))
    assert found[0] == pytest.approx(1 - 1 / 5)
    assert np.isnan(found[1])


def test_a_driver_that_is_ahead_is_found_with_its_lag():
    rng = np.random.default_rng(2)
    driver = rng.normal(size=200)
    storage = np.r_[np.full(3, np.nan), driver[:-3]] + 0.1 * rng.normal(size=200)
    found = correlation(storage, driver)
    assert (found.lag, found.best > 0.98) == (3, True)
    known = np.isfinite(storage)
    plain = stats.pearsonr(storage[known], driver[known])
    assert found.now == pytest.approx(plain.statistic)
    assert found.p_now == pytest.approx(plain.pvalue, abs=0.05)  # white series: nearly all values count


def test_persistent_series_have_few_independent_values():
    """Two autoregressions of 0.9: n (1 − 0.81) / (1 + 0.81)."""
    rng = np.random.default_rng(3)
    a = np.zeros((2, 20_000))
    for step in range(1, a.shape[1]):
        a[:, step] = 0.9 * a[:, step - 1] + rng.normal(size=2)
    assert independent_values(a[0], a[1]) == pytest.approx(20_000 * 0.19 / 1.81, rel=0.1)


def field(absent=()):
    trend, season, noise = known_parts()
    months = np.delete(MONTHS, absent)
    values = np.delete(trend + season + noise, absent)[:, None, None] * np.array([[1.0, 1.0], [2.0, np.nan]])
    coordinates = {"time": from_month_number(months), "lat": [0.5, 1.5], "lon": [10.5, 11.5]}
    return xr.DataArray(values.astype(np.float32), coords=coordinates, dims=("time", "lat", "lon"))


def test_a_record_s_mean_and_its_drivers():
    grid = Grid(0.0, 10.0, 1.0, 1.0, 2, 2)
    own = zone_series(field(range(60, 70)), whole_region(grid), grid)
    area = grid.area
    expected = (2 * area[0, 0] + 2 * area[1, 0]) / (2 * area[0, 0] + area[1, 0])
    np.testing.assert_allclose(own.values[:60, 0], sum(known_parts())[:60] * expected, rtol=1e-5)
    _, season, noise = known_parts()
    drivers = {
        "rain": Series(("region",), MONTHS, (season - noise)[:, None]),
        "pumping": Series(("region",), np.arange(-20, 200), -0.01 * (np.arange(-20.0, 200) - 60)[:, None] ** 2),
    }
    found = decomposition(own, drivers)
    data = found.data
    assert data["driver_correlation"].values[0, 1, 0] > 0.99
    assert data["driver_correlation"].values[1, 0, 0] < -0.9
    assert data["driver_p_value"].values[0, 1, 0] < 0.05
    assert any("10 missing months" in note for note in found.notes)
    assert strength_table(data).rows[0][0] == "region"
    assert [row[0] for row in driver_table(data).rows] == ["region, rain", "region, pumping"]


def test_every_cell():
    found = decomposition(cell_series(field()), cells=field())
    assert found.data["trend"].dims == ("time", "lat", "lon")
    assert np.isnan(found.data["gaps"].values[1, 1])
    np.testing.assert_allclose(
        found.data["season"].values[:, 1, 0], 2 * found.data["season"].values[:, 0, 0], rtol=1e-3, atol=1e-2
    )


def test_a_record_of_gaps_is_refused():
    with pytest.raises(BadInput, match="no series that has them"):
        decomposition(Series(("region",), MONTHS[:20], np.ones((20, 1))))
