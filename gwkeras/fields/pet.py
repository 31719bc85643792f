"""Potential evapotranspiration from monthly temperature: Oudin, Hamon, Thornthwaite.

The geometry of sun and earth is FAO-56's (Allen et al. 1998, eqs 21–25 and 34). A month is represented by its 15th day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import xarray as xr

from gwkeras.core.errors import ConfigError, MissingMonths
from gwkeras.core.months import calendar_month, days_in_month, month_start
from gwkeras.core.units import MONTHLY_TOTAL, conversion

PetMethod = Literal["oudin", "hamon", "thornthwaite"]

LATENT_HEAT = 2.45
"""MJ kg⁻¹, of vaporisation near 20 °C (FAO-56)."""

FREEZING_K = 273.15
_HOT = 26.5  # °C, from which Willmott et al. (1985) replace Thornthwaite's power by a parabola
_PARABOLA_MAXIMUM = -415.85 + 32.24**2 / (4 * 0.43)  # mm, at 37.5 °C


def potential_evapotranspiration(temperature: xr.DataArray, method: PetMethod = "oudin") -> xr.DataArray:
    """Potential evapotranspiration by the method of that name.

    Args:
        temperature: monthly mean, dims with `time` and `lat` (degrees), K unless its `units` attribute says otherwise;
            lazy where backed by dask.
        method: "oudin", "hamon" or "thornthwaite".
    Returns: mm month⁻¹, dims of `temperature`; NaN where it is NaN.
    Raises: ConfigError: for another method. UnknownUnits: where the units are no temperature. MissingMonths: for
        Thornthwaite, where the record lacks a calendar month.
    """
    methods = {"oudin": oudin, "hamon": hamon, "thornthwaite": thornthwaite}
    if method not in methods:
        raise ConfigError(
            "data.evapotranspiration", expected=", ".join(methods), found=repr(method), remedy="choose one of these"
        )
    return methods[method](temperature)


def oudin(temperature: xr.DataArray) -> xr.DataArray:
    """R_a / λ · (T + 5) / 100 mm day⁻¹ above −5 °C, else 0, times the days of the month.

    Source: Oudin et al. 2005, eq. 3, doi 10.1016/j.jhydrol.2004.08.026.
    Args, returns and raises: see `potential_evapotranspiration`.
    """
    celsius = _celsius(temperature)
    radiation = _by_latitude(extraterrestrial_radiation, temperature) / LATENT_HEAT  # mm day⁻¹
    return _monthly(radiation * ((celsius + 5) / 100).clip(min=0), temperature, "Oudin")


def hamon(temperature: xr.DataArray) -> xr.DataArray:
    """(N / 12)² · exp(T / 16) mm day⁻¹ above 0 °C, else 0, times the days of the month.

    The formula has no cut-off of its own and would let snow evaporate at −20 °C; PET is set to 0 for T < 0 °C.
    Source: Hamon 1961 in the form of Oudin et al. 2005, doi 10.1016/j.jhydrol.2004.08.026.
    Args, returns and raises: see `potential_evapotranspiration`.
    """
    celsius = _celsius(temperature)
    daylight = _by_latitude(daylight_hours, temperature)
    daily = (daylight / 12) ** 2 * np.exp(celsius / 16)
    return _monthly(daily.where((celsius >= 0) | celsius.isnull(), 0), temperature, "Hamon")


def thornthwaite(temperature: xr.DataArray) -> xr.DataArray:
    """16 · (N / 12) (D / 30) (10 T / I)^a mm month⁻¹ above 0 °C; from 26.5 °C on, a parabola instead of the power.

    The heat index I comes from the record's own mean of each calendar month. Where hardly a month is above 0 °C the
    power explodes; the parabola's maximum, 188 mm, bounds it.
    Source: Thornthwaite 1948, doi 10.2307/210739; the parabola is Willmott's (1985).
    Args, returns and raises: see `potential_evapotranspiration`.
    """
    found = set(calendar_month(temperature["time"].values).tolist())
    if len(found) < 12:
        raise MissingMonths(
            "temperature",
            expected="all twelve calendar months for Thornthwaite's heat index",
            found=f"{len(found)} of them",
            remedy="give a longer record, or choose oudin or hamon",
        )
    celsius = _celsius(temperature)
    index = heat_index(celsius)
    exponent = 6.75e-7 * index**3 - 7.71e-5 * index**2 + 1.792e-2 * index + 0.49239
    warm = celsius.clip(min=0)
    power = 16 * (10 * warm / index.where(index > 0, np.inf)) ** exponent
    parabola = -415.85 + 32.24 * celsius - 0.43 * celsius**2
    standard = xr.where(celsius >= _HOT, parabola, power).clip(max=_PARABOLA_MAXIMUM)  # mm in 30 days of 12 hours
    daily = standard * _by_latitude(daylight_hours, temperature) / 12 / 30
    return _monthly(daily.where(celsius.notnull()), temperature, "Thornthwaite")


def heat_index(celsius: xr.DataArray) -> xr.DataArray:
    """Thornthwaite's I = Σ₁₂ (max(T̄_m, 0) / 5)^1.514 over the mean temperature (°C) of each calendar month."""
    month = xr.DataArray(calendar_month(celsius["time"].values), dims="time", name="month")
    climatology = celsius.drop_vars("time").groupby(month).mean("time")
    return ((climatology.clip(min=0) / 5) ** 1.514).sum("month", skipna=False)


def mid_month_day(stamps: np.ndarray) -> np.ndarray:
    """Day of the year (1 … 366) of the 15th of the months in which `stamps` (datetime64) lie."""
    start = month_start(stamps)
    year = start.astype("datetime64[Y]")
    return (start.astype("datetime64[D]") - year.astype("datetime64[D]")).astype(np.int64) + 15


def declination(day: np.ndarray) -> np.ndarray:
    """Solar declination, rad (FAO-56 eq. 24); `day` of the year."""
    return 0.409 * np.sin(2 * np.pi * np.asarray(day) / 365 - 1.39)


def relative_distance(day: np.ndarray) -> np.ndarray:
    """Inverse relative distance of earth and sun (FAO-56 eq. 23)."""
    return 1 + 0.033 * np.cos(2 * np.pi * np.asarray(day) / 365)


def sunset_angle(lat: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Sunset hour angle, rad (FAO-56 eq. 25); π under the midnight sun, 0 in polar night. `lat` in degrees."""
    return np.arccos(np.clip(-np.tan(np.deg2rad(lat)) * np.tan(declination(day)), -1.0, 1.0))


def daylight_hours(lat: np.ndarray, day: np.ndarray) -> np.ndarray:
    """N, hours (FAO-56 eq. 34); `lat` in degrees."""
    return 24 / np.pi * sunset_angle(lat, day)


def extraterrestrial_radiation(lat: np.ndarray, day: np.ndarray) -> np.ndarray:
    """R_a, MJ m⁻² day⁻¹ (FAO-56 eq. 21); `lat` in degrees."""
    phi, delta, omega = np.deg2rad(lat), declination(day), sunset_angle(lat, day)
    sun = omega * np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.sin(omega)
    return 118.08 / np.pi * relative_distance(day) * sun


def _celsius(temperature: xr.DataArray) -> xr.DataArray:
    scale, offset = conversion(temperature.attrs.get("units", "K"), "K", temperature.name or "temperature")
    return temperature * scale + (offset - FREEZING_K)


def _by_latitude(quantity: Callable[[np.ndarray, np.ndarray], np.ndarray], temperature: xr.DataArray) -> xr.DataArray:
    """`quantity(lat, day)` for the months and rows of `temperature`, (time, lat), in its floating type."""
    day = mid_month_day(temperature["time"].values)[:, None]
    lat = temperature["lat"].values[None, :].astype(float)
    values = quantity(np.clip(lat, -90.0, 90.0), day)
    return xr.DataArray(
        values.astype(temperature.dtype), dims=("time", "lat"), coords={"time": temperature["time"], "lat": temperature["lat"]}
    )


def _monthly(daily: xr.DataArray, temperature: xr.DataArray, method: str) -> xr.DataArray:
    days = xr.DataArray(
        days_in_month(temperature["time"].values).astype(temperature.dtype), dims="time", coords={"time": temperature["time"]}
    )
    result = (daily * days).transpose(*temperature.dims).astype(temperature.dtype)
    result.attrs = {"units": MONTHLY_TOTAL, "long_name": f"potential evapotranspiration after {method}"}
    return result.rename("potential_evapotranspiration")
