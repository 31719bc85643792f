"""Calendar months as the records of this field use them: the first day stands for the month."""

from __future__ import annotations

import numpy as np

Month = np.datetime64
"""A month by its first day, or by its name: np.datetime64("2002-04")."""

EPOCH = np.datetime64("2002-01", "M")


def month_start(stamps: np.ndarray) -> np.ndarray:
    """First day (datetime64[ns]) of the months in which `stamps` (datetime64) lie."""
    return np.asarray(stamps).astype("datetime64[M]").astype("datetime64[ns]")


def month_number(stamps: np.ndarray | Month) -> np.ndarray:
    """Months since 2002-01 (int64); the schema's `time`."""
    return (np.asarray(stamps).astype("datetime64[M]") - EPOCH).astype(np.int64)


def from_month_number(number: np.ndarray | int) -> np.ndarray:
    """Inverse of `month_number`: first days, datetime64[ns]."""
    return (EPOCH + np.asarray(number, dtype="timedelta64[M]")).astype("datetime64[ns]")


def days_in_month(stamps: np.ndarray) -> np.ndarray:
    """Number of days (int64) of the months in which `stamps` lie."""
    month = np.asarray(stamps).astype("datetime64[M]")
    return ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)


def calendar_month(stamps: np.ndarray) -> np.ndarray:
    """1 … 12 (int64)."""
    return np.asarray(stamps).astype("datetime64[M]").astype(np.int64) % 12 + 1
