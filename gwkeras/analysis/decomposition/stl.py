"""Trend, season and remainder of many series at once by robust STL (Cleveland et al. 1990, J. Off. Stat. 6, 3-73).

What comes out is what statsmodels' STL gives, series by series; a test holds that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gwkeras.analysis.decomposition.gaps import filled, longest_gap
from gwkeras.analysis.decomposition.loess import Loess, Smoother
from gwkeras.core.errors import BadInput

PERIOD = 12
_AT_A_TIME = 512  # series: what is made of them on the way takes some 30 MB
_ROUNDS = {True: (2, 15), False: (5, 0)}  # inner and outer, robust or not: those of the paper's section 3


@dataclass(frozen=True)
class StlOptions:
    """How series are decomposed.

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

    def __post_init__(self) -> None:
        for name, length, least in (("seasonal", self.seasonal, 7), ("trend", self.trend_length, PERIOD + 1)):
            if length % 2 == 0 or length < least:
                raise BadInput(name, expected=f"an odd length of at least {least}", found=str(length), remedy="correct it")

    @property
    def trend_length(self) -> int:
        """Length of the trend smoother, stated or usual."""
        if self.trend is not None:
            return self.trend
        least = int(np.ceil(1.5 * PERIOD / (1 - 1.5 / self.seasonal)))
        return least + 1 - least % 2


@dataclass(frozen=True)
class Parts:
    """Parts of n series, each (span, n) and NaN in missing months; all NaN for series that cannot be decomposed.

    Args:
        trend: mm.
        season: mm.
        remainder: mm.
        trend_strength: (n,) 1 − Var(remainder) / Var(trend + remainder), from 0 to 1; Wang et al. 2006,
            doi 10.1007/s10618-005-0039-x.
        season_strength: (n,) likewise of the season.
        gaps: (n,) months that were filled for the fit alone; -1 for series that cannot be decomposed.
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
    known = np.isfinite(values)
    parts = np.full((3, *values.shape), np.nan, dtype=values.dtype)
    strengths, gaps = np.full((2, values.shape[1]), np.nan), np.full(values.shape[1], -1)
    done = 0
    for (first, last), columns in _spans(known, options).items():
        span = slice(first, last + 1)
        decomposer = Stl(last + 1 - first, options)
        for start in range(0, columns.size, _AT_A_TIME):
            chosen = columns[start : start + _AT_A_TIME]
            kept = known[span, chosen]
            series = filled(values[span, chosen], months[span])
            trend, season = decomposer(series)
            found = [np.where(kept, part, np.nan) for part in (trend, season, series - trend - season)]
            for part, own in zip(parts, found, strict=True):
                part[span, chosen] = own
            strengths[:, chosen] = [strength(each, found[2]) for each in found[:2]]
            gaps[chosen] = (~kept).sum(axis=0)
            done += chosen.size
            progress(done, values.shape[1])
    progress(values.shape[1], values.shape[1])
    return Parts(parts[0], parts[1], parts[2], strengths[0], strengths[1], gaps)


def _spans(known: np.ndarray, options: StlOptions) -> dict[tuple[int, int], np.ndarray]:
    """First and last known month -> the columns of that span that can be decomposed."""
    found: dict[tuple[int, int], list[int]] = {}
    for column, inside in enumerate(known.T):
        there = np.flatnonzero(inside)
        if there.size < 2 * PERIOD:
            continue
        missing = 1.0 - there.size / (there[-1] + 1 - there[0])
        if missing <= options.most_missing and longest_gap(inside) <= options.longest_gap:
            found.setdefault((int(there[0]), int(there[-1])), []).append(column)
    return {span: np.array(columns) for span, columns in found.items()}


class Stl:
    """STL of complete monthly series of one length.

    Args:
        n: months.
        options: lengths of the smoothers, and whether outliers are weighed down.
    """

    def __init__(self, n: int, options: StlOptions):
        self._rounds = _ROUNDS[options.robust]
        self._trend = Loess.along(n, options.trend_length)
        self._cycles = [_of_calendar_month(len(range(month, n, PERIOD)), options.seasonal) for month in range(PERIOD)]
        self._low_pass = Loess.along(n, PERIOD + 1).under(np.ones((n, 1)))(_moving_average(n))

    def __call__(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, series) of the trend, and of the season."""
        inner, outer = self._rounds
        trend, season = np.zeros_like(values), np.zeros_like(values)
        weights = np.ones((len(values), 1))
        for _ in range(outer + 1):
            smooth, cycles = self._trend.under(weights), [c.under(weights[m::PERIOD]) for m, c in enumerate(self._cycles)]
            for _ in range(inner):
                cycle = _smoothed_cycles(values - trend, cycles)
                season = cycle[PERIOD:-PERIOD] - self._low_pass @ cycle
                trend = _else(smooth(values - season), values - season)
            weights = _robustness(values - trend - season)
        return trend, season


def _of_calendar_month(k: int, length: int) -> Loess:
    """At each of a calendar month's k years, the year before them and the year after."""
    targets, width = np.arange(-1, k + 1), min(length, k)
    first = np.clip(targets - (length + 2) // 2 + 1, 0, k - width)
    return Loess.at(targets, first, first + width - 1, k, length)


def _smoothed_cycles(values: np.ndarray, cycles: list[Smoother]) -> np.ndarray:
    """(n + 24, series): each calendar month smoothed along the years, with a year more on both sides."""
    found = np.empty((len(values) + 2 * PERIOD, values.shape[1]))
    for month, smooth in enumerate(cycles):
        own = smooth(values[month::PERIOD])
        own[1:-1] = _else(own[1:-1], values[month::PERIOD])
        own[0], own[-1] = _else(own[0], own[1]), _else(own[-1], own[-2])
        found[month::PERIOD] = own
    return found


def _moving_average(n: int) -> np.ndarray:
    """(n, n + 24) means over 12, 12 and 3 months, one after the other."""
    kernel = np.convolve(np.convolve(np.ones(PERIOD), np.ones(PERIOD)), np.ones(3)) / (3 * PERIOD**2)
    found = np.zeros((n, n + 2 * PERIOD))
    for row in range(n):
        found[row, row : row + kernel.size] = kernel
    return found


def _robustness(remainder: np.ndarray) -> np.ndarray:
    """(n, series) bisquare weights by six times the median size of each series' remainders; 1 where that is 0."""
    size = np.abs(remainder)
    reach = 6.0 * np.median(size, axis=0)
    share = np.divide(size, reach, out=np.zeros_like(size), where=reach > 0)
    weights = np.where(share <= 0.999, (1.0 - np.minimum(share, 1.0) ** 2) ** 2, 0.0)
    return np.where(share <= 0.001, 1.0, weights)


def _else(smoothed: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What was smoothed, and the values where no weight was left."""
    return np.where(np.isnan(smoothed), values, smoothed)


def strength(part: np.ndarray, remainder: np.ndarray) -> np.ndarray:
    """(n,) 1 − Var(remainder) / Var(part + remainder), not below 0; NaN where nothing varies.

    Args:
        part: (span, n) trend or season; NaN where missing.
        remainder: likewise.
    """
    whole = np.nanvar(part + remainder, axis=0)
    share = np.divide(np.nanvar(remainder, axis=0), whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return np.maximum(0.0, 1.0 - share)
