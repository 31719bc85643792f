"""How well fields follow wells: one score for each well, over the months that both have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDING = 1e-12  # of a sum of squares


@dataclass(frozen=True)
class WellScores:
    """Scores of one field, each (wells,); NaN where there is none.

    Args:
        correlation: Pearson's, of the well's level and the field.
        slope: of the field on the well's storage; 1 where amplitudes agree.
        bias: mean of field less well, mm; 0 where both are anomalies of the months that they share.
        rmse: mm.
        nse: Nash-Sutcliffe efficiency.
        apparent_specific_yield: slope of the field on the well's level: the yield with which amplitudes would agree.
    """

    correlation: np.ndarray
    slope: np.ndarray
    bias: np.ndarray
    rmse: np.ndarray
    nse: np.ndarray
    apparent_specific_yield: np.ndarray


def anomalies(values: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Values less their mean over the months of a base.

    Args:
        values: (wells, months), NaN where unknown.
        base: (wells, months) months that count for the mean; where a well has none, all is NaN.
    """
    counts = base & np.isfinite(values)
    number = counts.sum(axis=1)
    total = np.where(counts, values, 0.0).sum(axis=1)
    mean = np.divide(total, number, out=np.full(len(values), np.nan), where=number > 0)
    return values - mean[:, None]


def scores(level: np.ndarray, field: np.ndarray, specific_yield: np.ndarray, base: np.ndarray | None = None) -> WellScores:
    """Scores of a field against wells.

    Args:
        level: (wells, months) m, NaN where either is unknown.
        field: the same shape, mm, NaN at the same months.
        specific_yield: (wells,) NaN where unknown: then only correlation and apparent yield are known.
        base: (wells, months) months that both are anomalies of; None: all.
    """
    known = np.isfinite(level) & np.isfinite(field)
    level, field = np.where(known, level, np.nan), np.where(known, field, np.nan)
    x, y = anomalies(level, known), anomalies(field, known)
    xx, yy, xy = (np.nansum(a, axis=1) for a in (x * x, y * y, x * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        varies = (xx > _ROUNDING * np.nansum(level**2, axis=1)) & (xx > 0)
        both = varies & (yy > _ROUNDING * np.nansum(field**2, axis=1)) & (yy > 0)
        correlation = np.where(both, xy / np.sqrt(xx * yy), np.nan)
        per_metre = np.where(varies, xy / xx, np.nan)
        scale = 1000.0 * specific_yield
        base = known if base is None else base & known
        error = anomalies(field, base) - scale[:, None] * anomalies(level, base)
        number = known.sum(axis=1)
        some = (number > 0) & np.isfinite(scale) & base.any(axis=1)
        bias = np.where(some, np.nansum(error, axis=1) / number, np.nan)
        squared = np.where(some, np.nansum(error**2, axis=1), np.nan)
        return WellScores(
            correlation,
            per_metre / scale,
            bias,
            np.sqrt(squared / number),
            np.where(varies, 1.0 - squared / (scale**2 * xx), np.nan),
            per_metre / 1000.0,
        )
