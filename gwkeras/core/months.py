"""Calendar months as the records of this field use them: the first day stands for the month."""

from __future__ import annotations

import numpy as np

from gwkeras.core.errors import BadInput

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


def parse_month(text: str, where: str) -> Month:
    """The month of a text such as "2002-04".

    Args:
        text: as typed.
        where: the option that it was given to, for the message.
    Raises: BadInput: where it is no month.
    """
    try:
        return np.datetime64(text, "M")
    except ValueError as error:
        raise BadInput(where, expected="a month such as 2002-04", found=f"'{text}'", remedy="correct it") from error


def within(months: np.ndarray, first: str | None, last: str | None) -> np.ndarray:
    """(n,) bool: which months lie between two that were typed, both included.

    Args:
        months: (n,) datetime64.
        first: of --first-month, such as "2002-04"; None: no bound.
        last: of --last-month; None: no bound.
    Raises: BadInput: where a text is no month.
    """
    numbers = month_number(months)
    kept = np.ones(numbers.size, dtype=bool)
    if first is not None:
        kept &= numbers >= month_number(parse_month(first, "--first-month"))
    if last is not None:
        kept &= numbers <= month_number(parse_month(last, "--last-month"))
    return kept
