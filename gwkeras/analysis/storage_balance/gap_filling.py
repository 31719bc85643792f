"""Missing months of a record filled by its season added to a line across the gap, with the error of doing so elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gwkeras.analysis.trend.season import without_season

METHOD = (
    "mean annual cycle of each cell added to a straight line across the gap; standard error from artificial gaps of the same "
    "length elsewhere in the record"
)
_FEWEST_TRIALS = 5


@dataclass(frozen=True)
class Filled:
    """A record of consecutive months.

    Args:
        months: (span,) numbers of months.
        values: (span, n) mm.
        sigma: (span, n) mm.
        is_filled: (span,) months that the record does not have.
    """

    months: np.ndarray
    values: np.ndarray
    sigma: np.ndarray
    is_filled: np.ndarray


def fill_months(values: np.ndarray, sigma: np.ndarray, months: np.ndarray) -> Filled:
    """Every month from the first to the last.

    The error of a filled month is that of the same step of gaps as long, made everywhere else in the record: the spread of
    the series between known months, added to the mean σ beside the gap by squares.

    Args:
        values: (months, n) mm; NaN where a cell has none.
        sigma: (months, n) mm.
        months: (months,) numbers, ascending.
    """
    every = np.arange(months[0], months[-1] + 1)
    there = np.isin(every, months)
    level = without_season(values, months)
    season = values - level
    full, error = np.full((every.size, values.shape[1]), np.nan), np.full((every.size, values.shape[1]), np.nan)
    full[there], error[there] = values, sigma
    by_calendar = _by_calendar(season, months)
    smooth = np.full(full.shape, np.nan)
    smooth[there] = level
    trials: dict[int, np.ndarray] = {}
    for start, length in _gaps(there):
        if length not in trials:
            trials[length] = _trial_errors(smooth, there, length)
        before, after = smooth[start - 1], smooth[start + length]
        beside = (error[start - 1] ** 2 + error[start + length] ** 2) / 2
        for step in range(length):
            share = (step + 1) / (length + 1)
            here = start + step
            full[here] = (1 - share) * before + share * after + by_calendar[every[here] % 12]
            error[here] = np.sqrt(beside + trials[length][step] ** 2)
    return Filled(every, full, error, ~there)


def _gaps(there: np.ndarray) -> list[tuple[int, int]]:
    """(first missing month, length) of each."""
    known = np.flatnonzero(there)
    return [(int(a) + 1, int(b - a - 1)) for a, b in pairwise(known) if b - a > 1]


def _by_calendar(season: np.ndarray, months: np.ndarray) -> np.ndarray:
    """(12, n) the season of each calendar month; 0 for those that are not there."""
    found = np.zeros((12, season.shape[1]))
    for month in np.unique(months % 12):
        found[month] = np.nan_to_num(season[np.flatnonzero(months % 12 == month)[0]])
    return found


def _trial_errors(smooth: np.ndarray, there: np.ndarray, length: int) -> np.ndarray:
    """(length, n) root mean square error of a line across gaps of this length, made where the record is known."""
    squares, number = np.zeros((2, length, smooth.shape[1]))
    for start in range(1, there.size - length):
        inside = slice(start, start + length)
        if not (there[start - 1] and there[start + length]):
            continue
        share = (np.arange(1, length + 1) / (length + 1))[:, None]
        error = smooth[inside] - ((1 - share) * smooth[start - 1] + share * smooth[start + length])
        known = np.isfinite(error)
        squares += np.where(known, error, 0.0) ** 2
        number += known
    return np.sqrt(np.divide(squares, number, out=np.full(squares.shape, np.nan), where=number >= _FEWEST_TRIALS))
