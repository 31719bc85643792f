"""What G3P would report of the truth: coarse cells, missing months, correlated noise, a Gaussian filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.twin.random_fields import FractalField, SmoothField, generator

MISSING_MONTHS = (
    "2002-06",
    "2002-07",
    "2003-06",
    "2011-01",
    "2011-06",
    "2012-05",
    "2012-10",
    "2013-03",
    "2013-08",
    "2013-09",
    "2014-02",
    "2014-07",
    "2014-12",
    "2015-06",
    "2015-10",
    "2015-11",
    "2016-04",
    "2016-09",
    "2016-10",
    "2017-02",
    "2017-07",
    "2017-08",
    "2017-09",
    "2017-10",
    "2017-11",
    "2017-12",
    "2018-01",
    "2018-02",
    "2018-03",
    "2018-04",
    "2018-05",
    "2018-08",
    "2018-09",
)
"""The 33 months of 2002-04 … 2023-09 that G3P v1.12 (doi 10.5880/g3p.2024.001) does not have."""

NOISE_KM = 166.8
"""Usual correlation length of the noise: 1.5° of latitude."""

_KM_PER_DEGREE = 111.2
_LAND_NEEDED = 0.5  # share of a cell's area, below which the product masks it


@dataclass(frozen=True)
class Product:
    """The coarse product.

    Args:
        grid: its cells.
        months: (month,) datetime64[M], missing ones absent.
        storage: groundwater storage anomaly, mm, (month, n_lat, n_lon), float32, NaN where less than half is land.
        uncertainty: standard deviation of the noise in `storage`, mm, same shape.
    """

    grid: Grid
    months: np.ndarray
    storage: np.ndarray
    uncertainty: np.ndarray


def months_observed(months: np.ndarray) -> np.ndarray:
    """Which of `months` (datetime64[M]) the satellites delivered, bool."""
    return ~np.isin(months, np.array(MISSING_MONTHS, dtype="datetime64[M]"))


def observe_storage(
    fine: Grid,
    factor: int,
    months: np.ndarray,
    truth: np.ndarray,
    land: np.ndarray,
    *,
    noise_mm: float,
    gaussian_km: float,
    seed: int,
    noise_times: float = 1.0,
    noise_km: float = NOISE_KM,
) -> Product:
    """Area- and land-weighted block means of the truth plus noise.

    Args:
        truth: mm, (month, n_lat, n_lon) on `fine`, NaN at sea.
        land: bool, (n_lat, n_lon).
        noise_mm: typical standard deviation as stated; it varies by a quarter from place to place and is greater near the gaps.
        gaussian_km: radius of the filter where the weight is one half (Jekeli 1981); 0: none.
        seed: of the noise.
        noise_times: how strong the noise is, as a multiple of what is stated.
        noise_km: L of its covariance exp(−d/L); 0: independent from cell to cell.
    """
    grid = fine.coarsen(factor)
    land_share = grid_share(fine, factor, land)
    visible = land_share >= _LAND_NEEDED
    storage = np.stack([fine.block_mean(month.astype(np.float64), factor) for month in truth])
    if gaussian_km > 0:
        storage = gaussian_filter(grid, storage, np.nan_to_num(land_share) * np.isfinite(storage[0]), gaussian_km)
    rng = generator(seed, "satellite")
    place = np.exp(0.22 * SmoothField(grid, 4.0).draw(rng))
    quality = np.exp(0.12 * rng.standard_normal(len(months)) + 0.35 * _near_gap(months))
    sigma = noise_mm * place[None] * quality[:, None, None]
    fractal = FractalField(grid, noise_km / _KM_PER_DEGREE, 3.0)
    noise = sigma * noise_times * np.stack([fractal.draw(rng) for _ in months])
    storage = np.where(visible, storage + noise, np.nan)
    return Product(grid, months, storage.astype(np.float32), np.where(visible, sigma, np.nan).astype(np.float32))


def grid_share(fine: Grid, factor: int, land: np.ndarray) -> np.ndarray:
    """Share of each coarse cell's area that is land, (n_lat, n_lon) of the coarse grid."""
    return fine.block_mean(land.astype(np.float64), factor)


def gaussian_filter(grid: Grid, values: np.ndarray, weights: np.ndarray, radius_km: float) -> np.ndarray:
    """Land-weighted Gaussian mean on the sphere, the weight one half at `radius_km`; the region's edge cuts the kernel.

    Args:
        values: (month, n_lat, n_lon); cells of weight 0 may be NaN.
        weights: (n_lat, n_lon) land shares.
    """
    lat, lon = np.deg2rad(grid.lat), np.deg2rad(grid.lon)
    mass = grid.area * weights
    filled = np.where(mass > 0, values, 0.0) * mass
    summed, total = np.zeros_like(filled), np.zeros(grid.shape)
    for row in range(grid.n_lat):
        for other in range(grid.n_lat):
            if abs(lat[row] - lat[other]) * EARTH_RADIUS_KM > 4 * radius_km:
                continue
            half = np.sin((lat[row] - lat[other]) / 2) ** 2 + np.cos(lat[row]) * np.cos(lat[other]) * (
                np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
            )
            distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))
            kernel = np.exp(-np.log(2) * (distance / radius_km) ** 2)
            summed[:, row] += filled[:, other] @ kernel
            total[row] += mass[other] @ kernel
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, summed / total, np.nan)


def _near_gap(months: np.ndarray) -> np.ndarray:
    """1 for months beside a gap of the record, else 0."""
    alone = np.diff(months.astype(np.int64)) > 1
    return (np.append(alone, False) | np.insert(alone, 0, False)).astype(float)
