"""Monthly series on a calendar without holes, and values for months that are missing."""

from __future__ import annotations

import numpy as np

from gwkeras.analysis.trend.season import masks_of


def on_every_month(values: np.ndarray, months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(span, n) with NaN in absent months, and the numbers of all months from the first to the last.

    Args:
        values: (months, n) float.
        months: (months,) numbers of months, ascending.
    """
    every = np.arange(months[0], months[-1] + 1)
    full = np.full((every.size, values.shape[1]), np.nan, dtype=values.dtype)
    full[months - months[0]] = values
    return full, every


def filled(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Missing months as the record's mean annual cycle upon a straight line between the neighbours of the gap.

    Beyond the first and last known month the line goes on level. A record without a year of each calendar month takes the mean of
    the others for those it lacks.

    Args:
        values: (span, n) of consecutive months; NaN where missing.
        months: (span,) their numbers.
    """
    result = values.astype(float)
    calendar = months % 12
    for columns, known in masks_of(values):
        if known.all() or known.sum() < 2:
            continue
        series, absent = result[np.ix_(known, columns)], ~known
        cycle = mean_cycle(series, months[known])
        level = _across(series - cycle[calendar[known]], months[known], months[absent])
        result[np.ix_(absent, columns)] = level + cycle[calendar[absent]]
    return result


def _across(values: np.ndarray, months: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values (n, series) of some months, at others: on straight lines, level beyond the ends."""
    after = np.clip(np.searchsorted(months, wanted), 1, months.size - 1)
    share = np.clip((wanted - months[after - 1]) / (months[after] - months[after - 1]), 0.0, 1.0)[:, None]
    return (1 - share) * values[after - 1] + share * values[after]


def mean_cycle(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    """(12, series) mean annual cycles about zero, fitted together with a straight line; 0 for calendar months that are not there.

    Args:
        values: (n, series) known values.
        months: (n,) their numbers.
    """
    cycle = np.eye(12)[months % 12]
    there = cycle.any(axis=0)
    line = (months - months.mean()) / 12.0
    design = np.column_stack([line, cycle[:, there]]) if np.ptp(months) >= 24 else cycle[:, there]
    fitted = np.linalg.lstsq(design, values, rcond=None)[0][-int(there.sum()) :]
    result = np.zeros((12, values.shape[1]))
    result[there] = fitted - fitted.mean(axis=0)
    return result


def longest_gap(known: np.ndarray) -> int:
    """Length of the longest run of missing values between two known ones.

    Args:
        known: (span,) whether a value is known.

    >>> longest_gap(np.array([False, True, False, False, True, False, True]))
    2
    """
    there = np.flatnonzero(known)
    return int(np.diff(there).max() - 1) if there.size > 1 else 0
