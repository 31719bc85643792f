"""What ERA5-Land would report of the climate: 0.1° points, smoothed, with errors of its own that are smooth in space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gwkeras.core.grid import Grid
from gwkeras.core.months import calendar_month, days_in_month
from gwkeras.twin.climate import Climate, surface_pressure
from gwkeras.twin.linear_interpolation import linear_weights
from gwkeras.twin.random_fields import SmoothField, generator
from gwkeras.twin.terrain import Terrain

_STEP = 0.1
_SMOOTHING = 0.12  # degrees: the model's own resolution is coarser than its grid


@dataclass(frozen=True)
class Points:
    """The points of the regular 0.1° grid that the region touches, both ascending, degrees."""

    lat: np.ndarray
    lon: np.ndarray


@dataclass(frozen=True)
class ReanalysisMonth:
    """One month at the points, latitude ascending, float32, (lat, lon), NaN over sea: m day⁻¹, K, m³ m⁻³, Pa."""

    tp: np.ndarray
    t2m: np.ndarray
    swvl1: np.ndarray
    sp: np.ndarray


def points(grid: Grid) -> Points:
    """Points whose 0.1° cells cover `grid`."""
    return Points(_multiples(grid.south, grid.north), _multiples(grid.west, grid.east))


def reanalyse(
    grid: Grid, terrain: Terrain, climate: Climate, wetness: np.ndarray, soil_index: np.ndarray, seed: int
) -> Iterator[ReanalysisMonth]:
    """The months of a climate as a reanalysis would have them.

    Args:
        wetness: filling of the soil store, 0 … 1, (month, n_lat, n_lon) on `grid`.
        soil_index: (n_lat, n_lon); finer soils hold more water.
    """
    rng = generator(seed, "reanalysis")
    at = points(grid)
    rows, cols = linear_weights(grid.lat, at.lat), linear_weights(grid.lon, at.lon)
    sea = rows @ terrain.land.astype(float) @ cols.T < 0.5
    count = len(climate.months)
    wet_bias, warm_bias, soil_bias = (SmoothField(grid, 2.5).draw(rng) for _ in range(3))
    phase = SmoothField(grid, 4.0).draw(rng)
    wet_errors = SmoothField(grid, 2.0).draws(rng, count, 0.2)
    warm_errors = SmoothField(grid, 4.0).draws(rng, count, 0.2)
    soil_errors = SmoothField(grid, 2.0).draws(rng, count, 0.5)
    air_errors = SmoothField(grid, 6.0).draws(rng, count, 0.0)
    days, calendar = days_in_month(climate.months), calendar_month(climate.months)
    pressure = surface_pressure(terrain.elevation)
    soil_range = 0.20 + 0.18 * soil_index
    cells = _SMOOTHING / grid.lat_step

    def at_points(field: np.ndarray) -> np.ndarray:
        smooth = ndimage.gaussian_filter(field, cells, mode="nearest") if cells > 0.3 else field
        out = (rows @ smooth.astype(np.float64) @ cols.T).astype(np.float32)
        out[sea] = np.nan
        return out

    for i, (wet_error, warm_error, soil_error, air_error) in enumerate(
        zip(wet_errors, warm_errors, soil_errors, air_errors, strict=True)
    ):
        season = np.cos(2 * np.pi * (calendar[i] - 7) / 12)
        rain = climate.precipitation[i] * np.exp(0.10 * wet_bias + 0.05 * phase * season + 0.13 * wet_error)
        heat = climate.temperature[i] + 0.5 * warm_bias + 0.2 * phase * season + 0.25 * warm_error
        theta = 0.06 + soil_range * np.clip(0.85 * wetness[i] + 0.08 + 0.05 * soil_bias + 0.05 * soil_error, 0.0, 1.0)
        yield ReanalysisMonth(
            _packed(at_points(rain) / np.float32(1000 * days[i]), 2.0**-20),
            _packed(at_points(heat), 2.0**-7),
            _packed(at_points(theta), 2.0**-13),
            _packed(at_points(pressure + 120 * air_error), 2.0),
        )


def _packed(values: np.ndarray, quantum: float) -> np.ndarray:
    """Rounded to multiples of `quantum`, as GRIB packs them."""
    return (np.round(values.astype(np.float64) / quantum) * quantum).astype(np.float32)


def _multiples(low: float, high: float) -> np.ndarray:
    first, last = int(np.round(low / _STEP - 1e-6)), int(np.round(high / _STEP + 1e-6))
    return np.round(np.arange(first, last + 1) * _STEP, 1)
