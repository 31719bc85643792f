"""Months from headings and dates as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import numpy as np

from gwkeras.core.errors import BadInput

_NAMES = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_YEAR_FIRST = re.compile(r"(\d{4})[-/._ ](\d{1,2})(?:[-/._ ]\d{1,2})?(?:[T ].*)?$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?$")
_NAMED = re.compile(r"(?:\d{1,2}[-/._ ])?([A-Za-z]{3,9})\.?[-/._ ,]*(\d{4}|\d{2})$")
_NAMED_AFTER = re.compile(r"(\d{4})[-/._ ]*([A-Za-z]{3,9})$")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/._](\d{4})$")
_SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[T ].*)?$")
Order = Literal["auto", "day_first", "month_first"]


def month_of(text: str) -> np.datetime64 | None:
    """The month that a text names; None where it names none, or where day and month could be either.

    >>> month_of("Jan-00"), month_of("2007-02-01"), month_of("200204"), month_of("Well Depth")
    (np.datetime64('2000-01'), np.datetime64('2007-02'), np.datetime64('2002-04'), None)
    """
    text = text.strip()
    if found := _YEAR_FIRST.match(text) or _COMPACT.match(text):
        return _month(int(found[1]), int(found[2]))
    if found := _NAMED.match(text):
        return _month(_full_year(found[2]), _NAMES.get(found[1].lower()[:3], 0))
    if found := _NAMED_AFTER.match(text):
        return _month(int(found[1]), _NAMES.get(found[2].lower()[:3], 0))
    if found := _MONTH_YEAR.match(text):
        return _month(int(found[2]), int(found[1]))
    return None


def months_of_dates(texts: Iterable[str], order: Order, where: object) -> dict[str, np.datetime64 | None]:
    """Text -> month, for each text that there is; None for those that are no date.

    Args:
        texts: as they stand in the table.
        order: of dates such as 03/04/2005; auto: as the dates with a day above the twelfth say.
        where: for complaints.
    Raises: BadInput: where such dates leave it open.
    """
    found = {text: month_of(text) for text in dict.fromkeys(texts)}
    slashed = {text: match for text, month in found.items() if month is None and (match := _SLASHED.match(text.strip()))}
    if slashed:
        place = _place_of_month(list(slashed.values()), order, where)
        found |= {text: _month(_full_year(match[3]), int(match[place])) for text, match in slashed.items()}
    return found


def _place_of_month(matches: list[re.Match[str]], order: Order, where: object) -> int:
    if order != "auto":
        return 2 if order == "day_first" else 1
    first, second = (max(int(match[k]) for match in matches) for k in (1, 2))
    if first > 12 >= second:
        return 2
    if second > 12 >= first:
        return 1
    raise BadInput(
        where,
        expected="dates whose order of day and month is clear",
        found=f"dates such as '{matches[0][0]}'",
        remedy="state date_order: day_first or month_first",
    )


def _full_year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 69 else 1900)  # as POSIX has it


def _month(year: int, month: int) -> np.datetime64 | None:
    return np.datetime64(f"{year:04d}-{month:02d}", "M") if 1 <= month <= 12 and 1850 <= year <= 2150 else None
