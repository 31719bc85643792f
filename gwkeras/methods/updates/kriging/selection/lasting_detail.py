"""Detail between neighbouring product cells that lasts from month to month: noise is new every month, so it is storage.

A filter leaves hardly any of it, whatever storage is like. So it tells a product without a filter from one with, where storage
differs so much from place to place that likelihoods of one covariance everywhere (`radius.py`) are misled.
"""

from __future__ import annotations

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

_FEWEST_PAIRS = 12  # of consecutive months
_ROUGHEST = 0.5  # of what storage without any correlation would leave: real storage is smoother
_SIGMA_PER_RADIUS = 1.0 / np.sqrt(2.0 * np.log(2.0))  # of a Gaussian's standard deviation and its half-weight radius


def lasting_detail(storage: np.ndarray, months: np.ndarray, grid: Grid) -> float | None:
    """Σ u(t) u(t + 1) / Σ g(t) g(t + 1), u = g − half the sum of its two neighbours, along rows and along columns.

    Args:
        storage: (month, n_lat, n_lon) mm; NaN where unknown.
        months: (month,) consecutive numbers of calendar months.
        grid: the product's.
    Returns: mean of both directions; None where there are too few pairs of consecutive months, or nothing lasts.
    """
    first = np.flatnonzero(np.diff(months) == 1)
    if len(first) < _FEWEST_PAIRS or min(grid.shape) < 3:
        return None
    known = np.isfinite(storage)
    mean = np.where(known, storage, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    shares = []
    for axis in (1, 2):
        values = np.moveaxis(storage - mean, axis, -1)
        between = values[..., 1:-1] - 0.5 * (values[..., :-2] + values[..., 2:])
        middle = np.where(np.isfinite(between), values[..., 1:-1], np.nan)
        lasting = float(np.nansum(middle[first] * middle[first + 1]))
        if lasting <= 0:
            return None
        shares.append(float(np.nansum(between[first] * between[first + 1])) / lasting)
    return float(np.mean(shares))


def largest_detail(radius_km: float, grid: Grid) -> float:
    """What a filter leaves of `lasting_detail` where storage has no correlation at all: 3/2 + ρ(2 d) / 2 − 2 ρ(d).

    ρ(d) = exp(−d² / 4 s²), s² the variance of the Gaussian's and of the cell's weights along one axis, d the cells' distance.

    Args:
        radius_km: half-weight radius.
        grid: the product's.
    Returns: mean of both directions, columns as far apart as they are where the grid is nearest to the equator.
    """
    nearest = float(np.abs(np.clip(0.0, grid.south, grid.north)))
    wide = np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM * np.cos(np.deg2rad(nearest))
    shares = []
    for distance in (grid.height_km, wide):
        variance = (radius_km * _SIGMA_PER_RADIUS) ** 2 + distance**2 / 12.0
        one, two = (np.exp(-((steps * distance) ** 2) / (4.0 * variance)) for steps in (1, 2))
        shares.append(1.5 + 0.5 * two - 2.0 * one)
    return float(np.mean(shares))


def is_too_sharp(detail: float | None, radius_km: float, grid: Grid) -> bool:
    """Whether a product with that `lasting_detail` cannot have gone through a filter of that half-weight radius."""
    return detail is not None and detail > _ROUGHEST * largest_detail(radius_km, grid)
