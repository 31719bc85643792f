"""Potential evapotranspiration against published examples and pyet's figures."""

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.errors import ConfigError, MissingMonths, UnknownUnits
from gwkeras.fields import pet

LAT = np.array([70.0, 45.0, 0.0, -45.0])


def record(celsius, first="2003-08", lat=LAT, **attributes):
    """(time, lat, lon) temperatures, K, from an array of °C (time, lat)."""
    celsius = np.atleast_2d(np.asarray(celsius, dtype=float))
    months = np.arange(np.datetime64(first, "M"), np.datetime64(first, "M") + len(celsius)).astype("datetime64[ns]")
    return xr.DataArray(
        celsius[:, :, None] + 273.15,
        dims=("time", "lat", "lon"),
        attrs=attributes,
        name="temperature",
        coords={"time": months, "lat": lat, "lon": [0.0]},
    )


def test_fao_56_examples_8_and_9():
    # 3 September (day 246) at 20°S: R_a = 32.2 MJ m⁻² day⁻¹, N = 11.7 h, δ = 0.120, d_r = 0.985, ω_s = 1.527
    assert pet.declination(246) == pytest.approx(0.120, abs=5e-4)
    assert pet.relative_distance(246) == pytest.approx(0.985, abs=5e-4)
    assert pet.sunset_angle(-20, 246) == pytest.approx(1.527, abs=5e-4)
    assert pet.extraterrestrial_radiation(-20, 246) == pytest.approx(32.2, abs=0.05)
    assert pet.daylight_hours(-20, 246) == pytest.approx(11.7, abs=0.05)


def test_geometry_of_the_test_vector():
    np.testing.assert_allclose(pet.daylight_hours(LAT, 227), [17.60, 13.88, 12.00, 10.12], atol=0.006)
    np.testing.assert_allclose(pet.extraterrestrial_radiation(LAT, 227), [27.86, 35.61, 35.65, 16.31], atol=0.006)


def test_polar_night_and_midnight_sun():
    assert pet.daylight_hours(80, 355) == 0
    assert pet.daylight_hours(80, 172) == 24
    assert pet.extraterrestrial_radiation(80, 355) == pytest.approx(0, abs=1e-12)


def test_the_month_is_its_15th_day():
    stamps = np.array(["2003-01-31", "2003-08-01", "2004-08-20", "2003-12-15"], "datetime64[ns]")
    assert pet.mid_month_day(stamps).tolist() == [15, 227, 228, 349]


def test_oudin_and_hamon_test_vector():
    august = record([25.0, 25.0, 25.0, 5.0])
    np.testing.assert_allclose(pet.oudin(august).values.ravel() / 31, [3.41, 4.36, 4.37, 0.67], atol=0.006)
    np.testing.assert_allclose(pet.hamon(august).values.ravel() / 31, [10.26, 6.38, 4.77, 0.97], atol=0.006)


def test_cut_offs():
    cold = record([-5.0, -20.0, -5.1, -0.1])
    assert (pet.oudin(cold).values.ravel()[:3] == 0).all()
    assert pet.oudin(cold).values.ravel()[3] > 0
    assert (pet.hamon(cold) == 0).all()


def test_thornthwaite_by_hand():
    # 20 °C all year: I = 12 · 4^1.514 = 97.881, a = 2.1407, 16 · (200 / 97.881)^2.1407 = 73.87 mm in 30 days of 12 hours
    index = 12 * 4**1.514
    power = 6.75e-7 * index**3 - 7.71e-5 * index**2 + 1.792e-2 * index + 0.49239
    found = pet.thornthwaite(record(np.full((24, 1), 20.0), first="2003-01", lat=[0.0]))
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    np.testing.assert_allclose(found.values.ravel()[:12], 16 * (200 / index) ** power * days / 30, rtol=1e-9)
    assert found.values.ravel()[3] == pytest.approx(73.87, abs=0.01)


def test_thornthwaite_hot_cold_and_frozen():
    year = np.full((12, 1), 20.0)
    hot = np.concatenate([year, [[30.0]]])
    found = pet.thornthwaite(record(hot, first="2003-04", lat=[0.0])).values.ravel()
    assert found[-1] == pytest.approx(-415.85 + 32.24 * 30 - 0.43 * 900, rel=1e-9)  # 12 hours, 30 days: the parabola itself
    assert pet.thornthwaite(record(year - 25, first="2003-01", lat=[0.0])).values.tolist() == np.zeros((12, 1, 1)).tolist()
    thaw = np.concatenate([year - 40, [[3.0]]])  # one mild month where none is: the power would be infinite
    assert np.isfinite(pet.thornthwaite(record(thaw, first="2003-01", lat=[0.0]))).all()


def test_units_are_taken_from_the_file():
    kelvin = record([25.0, 25.0, 25.0, 5.0], units="K")
    celsius = (kelvin - 273.15).assign_attrs(units="degC")
    for method in (pet.oudin, pet.hamon):
        np.testing.assert_allclose(method(celsius), method(kelvin), rtol=1e-9)
        assert method(celsius).attrs["units"] == "mm month-1"
    with pytest.raises(UnknownUnits, match="m s-1"):
        pet.oudin(kelvin.assign_attrs(units="m s-1"))


@pytest.mark.parametrize("method", ["oudin", "hamon", "thornthwaite"])
def test_lazy_float32_and_missing_cells(method):
    values = record(15 + 12 * np.sin(np.arange(36)[:, None] / 6 * np.pi + [0, 1, 2, 3]), first="2003-01").astype(np.float32)
    values[:, 2] = np.nan
    eager = pet.potential_evapotranspiration(values, method)
    lazy = pet.potential_evapotranspiration(values.chunk(time=1), method)
    assert lazy.chunks is not None
    assert (eager.dtype, lazy.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(lazy.compute(), eager, rtol=1e-5)
    assert np.isnan(eager[:, 2]).all()
    assert np.isfinite(eager[:, [0, 1, 3]]).all()


def test_bad_requests():
    with pytest.raises(ConfigError, match="thornthwaite"):
        pet.potential_evapotranspiration(record([25.0] * 4), "penman")
    with pytest.raises(MissingMonths, match="1 of them"):
        pet.thornthwaite(record([25.0] * 4))
