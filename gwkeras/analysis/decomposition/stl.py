"""Trend, season and remainder by robust STL (Cleveland et al. 1990), as statsmodels has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gwkeras.analysis.decomposition.gaps import filled, longest_gap

PERIOD = 12


@dataclass(frozen=True)
class StlOptions:
    """How series are taken apart.

    Args:
        seasonal: length of the seasonal smoother, years, odd, at least 7.
        trend: length of the trend smoother, months, odd; None: the next odd above 1.5 · 12 / (1 − 1.5 / seasonal).
        robust: whether outliers are weighed down.
        most_missing: share of the months of a series that may be missing.
        longest_gap: months in a row that may be missing.
    """

    seasonal: int = 13
    trend: int | None = None
    robust: bool = True
    most_missing: float = 0.25
    longest_gap: int = 18


@dataclass(frozen=True)
class Parts:
    """Parts of n series, each (span, n) and NaN in missing months; all NaN for series that cannot be taken apart.

    Args:
        trend: mm.
        season: mm.
        remainder: mm.
        trend_strength: (n,) 1 − Var(remainder) / Var(trend + remainder), from 0 to 1; Wang et al. 2006,
            doi 10.1007/s10618-005-0039-x.
        season_strength: (n,) likewise of the season.
        gaps: (n,) months that were filled for the fit alone; -1 for series that cannot be taken apart.
    """

    trend: np.ndarray
    season: np.ndarray
    remainder: np.ndarray
    trend_strength: np.ndarray
    season_strength: np.ndarray
    gaps: np.ndarray


def taken_apart(
    values: np.ndarray,
    months: np.ndarray,
    options: StlOptions = StlOptions(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Parts:
    """Parts of series of consecutive months.

    STL knows no gaps: one missing value would make the whole result missing, silently. They are filled for the fit alone, and
    missing again in what is returned.

    Args:
        values: (span, n) mm; NaN where missing.
        months: (span,) numbers of months, one after the other.
        options: smoothers, and how much may be missing.
        progress: called with the number of series done and in all.
    """
    from statsmodels.tsa.seasonal import STL  # takes seconds to import

    known = np.isfinite(values)
    parts = np.full((3, *values.shape), np.nan)
    strengths, gaps = np.full((2, values.shape[1]), np.nan), np.full(values.shape[1], -1)
    for column in range(values.shape[1]):
        inside = known[:, column]
        there = np.flatnonzero(inside)
        if there.size < 2 * PERIOD:
            continue
        span = slice(there[0], there[-1] + 1)
        missing = 1.0 - inside[span].mean()
        if missing > options.most_missing or longest_gap(inside) > options.longest_gap:
            continue
        series = filled(values[span, column : column + 1], months[span])[:, 0]
        fit = STL(series, period=PERIOD, seasonal=options.seasonal, trend=options.trend, robust=options.robust).fit()
        kept = inside[span]
        for part, found in enumerate((fit.trend, fit.seasonal, fit.resid)):
            parts[part, span, column] = np.where(kept, found, np.nan)
        strengths[:, column] = [strength(each[kept], fit.resid[kept]) for each in (fit.trend, fit.seasonal)]
        gaps[column] = int((~kept).sum())
        progress(column + 1, values.shape[1])
    return Parts(parts[0], parts[1], parts[2], strengths[0], strengths[1], gaps)


def strength(part: np.ndarray, remainder: np.ndarray) -> float:
    """1 − Var(remainder) / Var(part + remainder), not below 0; NaN where nothing varies.

    Args:
        part: trend or season.
        remainder: of the same months.
    """
    whole = float(np.var(part + remainder))
    return max(0.0, 1.0 - float(np.var(remainder)) / whole) if whole > 0 else np.nan
