"""The aridity cap by hand, its bound on the long-term mean, and the paper's infiltration efficiency."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gwkeras.core.errors import GridMismatch, MissingMonths
from gwkeras.fields.evapotranspiration import evapotranspiration, infiltration_efficiency, net_water_input, trailing_mean
from gwkeras.fields.pet import oudin


def series(values, name="precipitation", first="2003-01"):
    months = np.arange(np.datetime64(first, "M"), np.datetime64(first, "M") + len(values)).astype("datetime64[ns]")
    cells = np.asarray(values, dtype=float)[:, None, None] * np.ones((1, 2, 2))
    return xr.DataArray(
        cells, dims=("time", "lat", "lon"), name=name, coords={"time": months, "lat": [10.0, 11.0], "lon": [20.0, 21.0]}
    )


def test_trailing_mean_by_hand():
    found = trailing_mean(series(np.arange(15.0)))[:, 0, 0].values
    np.testing.assert_allclose(found, [5.5] * 12 + [6.5, 7.5, 8.5])
    np.testing.assert_allclose(trailing_mean(series([3.0, 6.0]))[:, 0, 0], 4.5)
    with_gap = np.arange(15.0)
    with_gap[12] = np.nan
    np.testing.assert_allclose(trailing_mean(series(with_gap))[-1, 0, 0], np.mean([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]))


def test_energy_limits_the_wet_and_water_the_dry():
    temperature = series(np.full(24, 293.15), "temperature")
    potential = oudin(temperature)
    wet = evapotranspiration(temperature, series(np.full(24, 500.0)))
    np.testing.assert_allclose(wet, potential)
    dry = evapotranspiration(temperature, series(np.tile([60.0] + [0.0] * 11, 2)), aridity_cap=0.8)
    np.testing.assert_allclose(dry, 0.8 * 5.0)


@given(arrays(float, 48, elements=st.floats(0, 400)), st.floats(0.1, 1.0))
def test_no_more_evaporates_than_falls(rain, cap):
    """Over a record that repeats itself, so that first and last year weigh alike, the mean of ET is at most cap · mean P."""
    rain = np.tile(rain[:12], 4)
    temperature = series(293.15 + 10 * np.sin(np.arange(48) / 6 * np.pi), "temperature")
    found = evapotranspiration(temperature, series(rain), aridity_cap=cap)
    assert found.mean() <= cap * rain.mean() * (1 + 1e-9) + 1e-12
    assert (found >= 0).all()


@pytest.mark.parametrize("method", ["oudin", "hamon", "thornthwaite"])
def test_lazy_equals_eager_and_keeps_missing_cells(method):
    rng = np.random.default_rng(0)
    temperature = series(293.15 + rng.normal(size=30), "temperature").astype(np.float32)
    rain = series(rng.gamma(1, 60, 30)).astype(np.float32).copy()
    rain[3, 0, 0] = np.nan
    temperature[5, 1, 1] = np.nan
    eager = evapotranspiration(temperature, rain, method)
    lazy = evapotranspiration(temperature.chunk(time=1), rain.chunk(time=1), method)
    assert lazy.chunks is not None
    np.testing.assert_allclose(lazy.compute(), eager, rtol=1e-5)
    assert eager.dtype == np.float32
    missing = np.isnan(eager.values)
    assert missing[3, 0, 0]
    assert missing[5, 1, 1]
    if method != "thornthwaite":  # whose heat index needs the cell's other years, too
        assert missing.sum() == 2


def test_net_water_input():
    rain, loss = series([5.0, 8.0]), series([2.0, np.nan], "evapotranspiration")
    np.testing.assert_array_equal(net_water_input(rain, loss)[:, 0, 0], [3.0, np.nan])
    assert net_water_input(rain, loss).attrs["units"] == "mm month-1"


def test_unlike_fields_are_refused():
    rain = series(np.ones(12))
    with pytest.raises(GridMismatch, match="same cells"):
        net_water_input(rain, rain.assign_coords(lat=[10.0, 11.5]))
    with pytest.raises(MissingMonths, match="same months"):
        net_water_input(rain, rain.isel(time=slice(0, 11)))
    with pytest.raises(MissingMonths, match="consecutive"):
        trailing_mean(rain.isel(time=[0, 1, 3]))


def test_infiltration_efficiency_of_the_paper():
    np.testing.assert_allclose(
        infiltration_efficiency(np.array([0.0, 0.25, 0.5, 1.0, 1.2, -0.1, np.nan])), [0.1, 0.2, 0.3, 0.5, 0.5, 0.1, np.nan]
    )
    assert isinstance(infiltration_efficiency(series([0.25])), xr.DataArray)
