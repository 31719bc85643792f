"""The true monthly climate: orographic precipitation, temperature, pressure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gwkeras.core.grid import Grid
from gwkeras.core.months import calendar_month, days_in_month
from gwkeras.twin.family import Weather
from gwkeras.twin.random_fields import FractalField, SmoothField, generator
from gwkeras.twin.terrain import Terrain

LAPSE_RATE = 0.0062  # K m-1
_WARMING = 0.022  # K year-1


@dataclass(frozen=True)
class Climate:
    """Fields of every month on the fine grid, float32, (month, n_lat, n_lon).

    Args:
        months: (month,) datetime64[M].
        precipitation: mm month⁻¹.
        temperature: K.
    """

    months: np.ndarray
    precipitation: np.ndarray
    temperature: np.ndarray


def make_climate(grid: Grid, terrain: Terrain, months: np.ndarray, seed: int, weather: Weather | None = None) -> Climate:
    """Seasons, two slow oscillations, month-to-month weather, and mountains that wring rain from the wind."""
    weather = weather or Weather()
    rain, heat = _precipitation(grid, terrain, months, seed, weather), _temperature(grid, terrain, months, seed, weather)
    return Climate(months, rain, heat)


def surface_pressure(elevation: np.ndarray) -> np.ndarray:
    """Pressure of the standard atmosphere, Pa, at `elevation`, m (ICAO 1993)."""
    return 101325.0 * (1 - 2.25577e-5 * np.maximum(elevation, 0.0)) ** 5.25588


def orographic_factor(grid: Grid, elevation: np.ndarray, eastward: float, northward: float) -> np.ndarray:
    """Multiplier of precipitation, about 0.3 … 3: lifting on windward slopes, a shadow of some 1.5° behind ranges.

    Args:
        elevation: m, (n_lat, n_lon).
        eastward: eastward part of the wind's unit vector.
        northward: northward part.
    """
    smooth = ndimage.gaussian_filter(np.maximum(elevation, 0.0), 0.15 / grid.lat_step, mode="nearest")
    slope_lat, slope_lon = np.gradient(smooth, grid.lat_step, grid.lon_step)
    uplift = eastward * slope_lon + northward * slope_lat  # m per degree
    shadow = np.zeros_like(smooth)
    for distance in np.arange(0.25, 2.01, 0.25):  # degrees upwind
        move = (northward * distance / grid.lat_step, eastward * distance / grid.lon_step)
        upwind = ndimage.shift(smooth, move, order=1, mode="nearest")
        shadow = np.maximum(shadow, (upwind - smooth) * np.exp(-distance / 1.5))
    response = 0.28 * np.tanh(uplift / 900) + 0.40 * np.tanh(smooth / 1500) - 0.75 * np.tanh(shadow / 900)
    return np.exp(0.9 * response)


def mean_wind(grid: Grid, rng: np.random.Generator) -> tuple[float, float]:
    """Eastward and northward part of the wind's unit vector: trades below 28° of latitude, westerlies above."""
    zonal = -1.0 if abs((grid.south + grid.north) / 2) < 28 else 1.0
    angle = rng.normal(0.0, 0.5)
    return zonal * np.cos(angle), np.sin(angle)


def _precipitation(grid: Grid, terrain: Terrain, months: np.ndarray, seed: int, given: Weather) -> np.ndarray:
    rng = generator(seed, "precipitation")
    oro = orographic_factor(grid, terrain.elevation, *mean_wind(grid, rng))
    lat = grid.lat[:, None]
    zones = 1900 * np.exp(-((lat / 14) ** 2)) + 1000 * np.exp(-(((np.abs(lat) - 48) / 18) ** 2)) + 650  # mm per year
    annual = (
        given.wetness
        * zones
        * np.exp(0.25 * SmoothField(grid, 4.0).draw(rng))
        * oro
        * np.exp(0.06 * FractalField(grid, 0.8, 2.8).draw(rng))
    )
    # Wet season: local summer in the tropics, moved by up to some months from place to place; weaker poleward.
    peak = np.where(lat >= 0, 7.0, 1.0) + given.season_months + 1.3 * SmoothField(grid, 5.0).draw(rng)
    depth = np.clip(0.95 + given.season_depth - 0.008 * np.abs(lat) + 0.12 * SmoothField(grid, 5.0).draw(rng), 0.1, 0.95)
    sharpness = 1.0 + 0.8 * depth
    modes = _oscillations(len(months), rng)
    loadings = [given.oscillations * size * SmoothField(grid, 6.0).draw(rng) for size in (0.22, 0.16)]
    fronts = SmoothField(grid, 2.5).draws(rng, len(months), 0.15)
    storms = FractalField(grid, 0.9, 3.0).draws(generator(seed, "storms"), len(months))
    windiness = generator(seed, "wind").normal(0.0, 0.35, len(months))  # strength of the orographic contrast, month by month
    log_oro = np.log(oro)
    out = np.empty((len(months), *grid.shape), dtype=np.float32)
    share = days_in_month(months) / 365.25
    for i, (month, front, storm) in enumerate(zip(calendar_month(months), fronts, storms, strict=True)):
        season = 1 + depth * np.cos(2 * np.pi * (month - peak) / 12)
        season = season**sharpness / (1 + 0.25 * (sharpness * depth) ** 2)
        weather = given.variability * 0.38 * front + given.variability * 0.20 * storm
        weather = weather + loadings[0] * modes[0, i] + loadings[1] * modes[1, i]
        out[i] = annual * share[i] * season * np.exp(weather - 0.09 * given.variability**2 + windiness[i] * 0.6 * log_oro)
    return out


def _oscillations(count: int, rng: np.random.Generator) -> np.ndarray:
    """Two indices of unit variance, (2, month): one of some four years (like ENSO), one of some eleven."""
    indices = np.empty((2, count))
    for row, (period, damping) in enumerate(((48, 0.97), (130, 0.99))):
        state, turn = complex(*rng.standard_normal(2)), damping * np.exp(2j * np.pi / period)
        for i in range(count):
            indices[row, i] = state.real
            state = turn * state + complex(*rng.standard_normal(2)) * np.sqrt(1 - damping**2)
    return indices


def _temperature(grid: Grid, terrain: Terrain, months: np.ndarray, seed: int, given: Weather) -> np.ndarray:
    rng = generator(seed, "temperature")
    lat = grid.lat[:, None]
    base = 300.5 + given.warmth - 34 * np.sin(np.deg2rad(lat)) ** 2 - LAPSE_RATE * np.maximum(terrain.elevation, 0.0)
    base = base + 0.8 * SmoothField(grid, 5.0).draw(rng) + 0.4 * FractalField(grid, 0.6, 3.0).draw(rng)  # valleys, cities, lakes
    amplitude = given.continentality + given.continentality * 16 * np.sin(np.deg2rad(np.abs(lat))) ** 1.3 * np.exp(
        0.12 * SmoothField(grid, 6.0).draw(rng)
    )
    peak = np.where(lat >= 0, 7.3, 1.3)
    anomalies = SmoothField(grid, 6.0).draws(rng, len(months), 0.3)
    years = np.arange(len(months)) / 12
    out = np.empty((len(months), *grid.shape), dtype=np.float32)
    for i, (month, anomaly) in enumerate(zip(calendar_month(months), anomalies, strict=True)):
        season = amplitude * np.cos(2 * np.pi * (month - peak) / 12)
        out[i] = base + season + 1.1 * anomaly + _WARMING * (years[i] - years[-1] / 2)
    return out
