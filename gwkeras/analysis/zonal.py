"""Means over zones with the standard errors that correlated errors leave, and their trends. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

MONTHS_A_YEAR = 12.0
_LEAST_KNOWN = 0.5  # of a zone's land, for its mean to be told


@dataclass(frozen=True)
class ZonalMeans:
    """Means of one month.

    Args:
        mean: (zones,) mm; NaN where less than half of a zone's land is known.
        variances: (parts, zones) mm², of the parts of the error.
    """

    mean: np.ndarray
    variances: np.ndarray

    @property
    def sigma(self) -> np.ndarray:
        """(zones,) standard error of the mean, mm."""
        return np.sqrt(self.variances.sum(axis=0))


def zonal_means(field: np.ndarray, sizes: Sequence[np.ndarray], weights: np.ndarray, parts: Sequence[np.ndarray]) -> ZonalMeans:
    """Weighted means of a field, with errors from draws.

    Args:
        field: (n_lat, n_lon) mm; NaN where unknown.
        sizes: of the same shape, what each part of the errors is to be multiplied by; NaN where σ is unknown.
        weights: (zones, n_lat, n_lon) km² of land in each zone.
        parts: (draws, n_lat, n_lon) each, errors; times their sizes mm, independent of one another.
    """
    known = np.isfinite([field, *sizes]).all(axis=0).ravel()
    flat = weights.reshape(len(weights), -1).astype(float)
    held = flat * known
    total, whole = held.sum(axis=1), flat.sum(axis=1)
    enough = (total >= _LEAST_KNOWN * whole) & (total > 0)
    part = np.divide(held, total[:, None], out=np.zeros_like(held), where=total[:, None] > 0)
    spreads = (part * np.where(known, size.ravel(), 0.0) for size in sizes)
    both = zip(spreads, parts, strict=True)
    variances = np.stack([((spread @ draws.reshape(len(draws), -1).T) ** 2).mean(axis=1) for spread, draws in both])
    mean = part @ np.where(known, field.ravel(), 0.0)
    return ZonalMeans(np.where(enough, mean, np.nan), np.where(enough, variances, np.nan))


@dataclass(frozen=True)
class Trends:
    """Trends of zonal means.

    Args:
        slope: (zones,) mm a year; NaN where fewer than three months are known.
        sigma: (zones,) its standard error, mm a year.
    """

    slope: np.ndarray
    sigma: np.ndarray


def trends(
    months: np.ndarray,
    means: np.ndarray,
    variances: np.ndarray,
    persistences: Sequence[Callable[[np.ndarray], np.ndarray]],
) -> Trends:
    """Least-squares slopes, with the errors of storage carried through: what lasts from month to month does not average out.

    Var(slope) = c (Σ V ∘ φ(|Δt|)) cᵀ over the parts of the error, with c the weights of the fit. What climate does from year to
    year is storage, no error.

    Args:
        months: (M,) numbers of months.
        means: (M, zones) mm; NaN where unknown.
        variances: (M, parts, zones) mm², of the parts of the error.
        persistences: φ of each part: its covariance with itself some months later, in units of its variance.
    """
    slope, sigma = np.full((2, means.shape[1]), np.nan)
    for zone in range(means.shape[1]):
        known = np.isfinite(means[:, zone])
        if known.sum() < 3:
            continue
        years = months[known] / MONTHS_A_YEAR
        centred = years - years.mean()
        weights = centred / (centred @ centred)
        lag = np.abs(months[known][:, None] - months[known][None, :])
        deviations = np.sqrt(variances[known, :, zone])
        covariance = sum(
            deviation[:, None] * deviation[None, :] * persistence(lag)
            for deviation, persistence in zip(deviations.T, persistences, strict=True)
        )
        slope[zone] = weights @ means[known, zone]
        sigma[zone] = np.sqrt(weights @ covariance @ weights)
    return Trends(slope, sigma)
