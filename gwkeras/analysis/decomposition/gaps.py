"""Monthly series on a calendar without holes, and values for months that are missing."""

from __future__ import annotations

import numpy as np


def on_every_month(values: np.ndarray, months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(span, n) with NaN in absent months, and the numbers of all months from the first to the last.

    Args:
        values: (months, n).
        months: (months,) numbers of months, ascending.
    """
    every = np.arange(months[0], months[-1] + 1)
    full = np.full((every.size, values.shape[1]), np.nan)
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
    result = values.astype(float).copy()
    calendar = months % 12
    for column in range(values.shape[1]):
        series = result[:, column]
        known = np.isfinite(series)
        if known.all() or known.sum() < 2:
            continue
        cycle = mean_cycle(series[known], months[known])
        level = np.interp(months, months[known], series[known] - cycle[calendar[known]])
        series[~known] = (level + cycle[calendar])[~known]
    return result


def mean_cycle(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    """(12,) mean annual cycle about zero, fitted together with a straight line; 0 for calendar months that are not there.

    Args:
        values: (n,) known values.
        months: (n,) their numbers.
    """
    cycle = np.eye(12)[months % 12]
    there = cycle.any(axis=0)
    line = (months - months.mean()) / 12.0
    design = np.column_stack([line, cycle[:, there]]) if np.ptp(months) >= 24 else cycle[:, there]
    fitted = np.linalg.lstsq(design, values, rcond=None)[0][-int(there.sum()) :]
    result = np.zeros(12)
    result[there] = fitted - fitted.mean()
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
