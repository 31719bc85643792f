"""Which heading of a table means what, and how the table is laid out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Literal

import pandas as pd

from gwkeras.analysis.wells.reading.months_in_text import month_of
from gwkeras.analysis.wells.settings import ColumnsConfig
from gwkeras.core.errors import BadInput

Layout = Literal["long", "months_as_columns", "wells_as_columns"]

_USUAL = {
    "well": (
        "well", "well id", "wellid", "well code", "well name", "wlcode", "id", "station", "station code", "station id", "site",
        "site no", "site id", "bore", "bore id", "gwid", "name",
    ),
    "latitude": ("latitude", "lat", "y", "lat dd", "dec lat va", "latitude dd", "decimal latitude"),
    "longitude": ("longitude", "lon", "long", "lng", "x", "lon dd", "long dd", "dec long va", "decimal longitude"),
    "date": ("date", "month", "time", "datetime", "lev dt", "measurement date", "reading date", "sample date"),
    "level": (
        "level", "water level", "waterlevel", "groundwater level", "gwl", "depth to water", "depth to water level", "dtw", "dtwl",
        "head", "hydraulic head", "water depth", "wl", "lev va", "value", "storage", "gwsa", "groundwater depth",
        "depth",  # of the well, where another column holds levels
    ),
    "unit": ("unit", "units"),
    "aquifer": ("aquifer type", "aquifer", "aquifertype", "aqfr type"),
    "depth": ("well depth", "depth of well", "well depth m", "well depth va", "total depth"),
    "specific_yield": ("specific yield", "sy", "specificyield"),
}  # fmt: skip
_UNIT_IN_HEADING = re.compile(
    r"[\W_]+(m|metres?|meters?|cm|mm|ft|feet|foot)(?:[\W_]*(?:bgl|bgs|amsl|asl|below.*|above.*))?\W*$", re.I
)
_DEPTH_WORDS = re.compile(r"depth|dtw|bgl|bgs|below|lev va", re.I)
_HEAD_WORDS = re.compile(r"head|elevation|amsl|asl|altitude|above|potentiometric", re.I)


def plain(heading: str) -> str:
    """A heading in lower case, words apart, without its unit."""
    return " ".join(re.sub(r"[\W_]+", " ", unit_split(heading)[0]).lower().split())


def unit_split(heading: str) -> tuple[str, str]:
    """A heading and the unit of length that it ends with; empty where it names none.

    >>> unit_split("Depth to water (ft)"), unit_split("lat")
    (('Depth to water', 'ft'), ('lat', ''))
    """
    found = _UNIT_IN_HEADING.search(heading)
    return (heading[: found.start()], found[1].lower()) if found else (heading, "")


def quantity_in(heading: str) -> Literal["depth", "head", "storage"] | None:
    """What a heading says that its numbers are; None where it leaves that open."""
    words = re.sub(r"[\W_]+", " ", heading)
    if re.search(r"storage|gwsa", words, re.I):
        return "storage"
    depth, head = bool(_DEPTH_WORDS.search(words)), bool(_HEAD_WORDS.search(words))
    return None if depth == head else "depth" if depth else "head"


def settle(headings: Sequence[str], given: ColumnsConfig, where: object) -> ColumnsConfig:
    """The columns as given, and those left open as far as one heading has a usual name for them.

    Args:
        headings: of the table.
        given: by the user.
        where: the table, for complaints.
    Raises: BadInput: where a heading that was given is not there.
    """
    by_plain: dict[str, str] = {}
    for heading in headings:
        by_plain.setdefault(plain(heading), heading)
    found = {}
    for role in (f.name for f in fields(ColumnsConfig)):
        wanted = getattr(given, role)
        if wanted and wanted not in headings:
            near = get_close_matches(wanted, headings, n=1)
            raise BadInput(
                where,
                expected=f"a column '{wanted}' (columns.{role})",
                found=_list(headings),
                remedy=f"did you mean '{near[0]}'" if near else "name one of these",
            )
        found[role] = wanted or next((by_plain[name] for name in _USUAL.get(role, ()) if name in by_plain), "")
    return ColumnsConfig(**found)


def require(columns: ColumnsConfig, roles: Sequence[str], headings: Sequence[str], where: object) -> None:
    """Raises: BadInput: where one of the roles has no column."""
    for role in roles:
        if not getattr(columns, role):
            raise BadInput(
                where,
                expected=f"a column for the {role}",
                found=_list(headings),
                remedy=f"name it, as in --set columns.{role}=HEADING",
            )


def layout_of(table: pd.DataFrame, columns: ColumnsConfig, where: object) -> Layout:
    """How a table is laid out, by its headings and its first column.

    Args:
        table: of texts.
        columns: as settled.
        where: the table, for complaints.
    Raises: BadInput: where it cannot be told.
    """
    headings = list(map(str, table.columns))
    if sum(month_of(heading) is not None for heading in headings) >= 3:
        return "months_as_columns"
    if {columns.date, columns.level, columns.well} <= set(headings):
        return "long"
    first = columns.date if columns.date in headings else headings[0]
    dates = [month_of(text) is not None for text in table[first].dropna().astype(str).head(50)]
    if dates and all(dates) and columns.latitude not in headings:
        return "wells_as_columns"
    unknown = next((role for role in ("well", "date", "level") if getattr(columns, role) not in headings), "level")
    raise BadInput(
        where,
        expected="columns of months, or columns for well, date and level, or dates with a column for each well",
        found=_list(headings),
        remedy=f"name the heading of the {unknown}, as in --set columns.{unknown}=HEADING, or state layout",
    )


def _list(headings: Sequence[str]) -> str:
    shown = ", ".join(f"'{heading}'" for heading in headings[:12])
    return f"{shown} and {len(headings) - 12} more" if len(headings) > 12 else shown or "no columns"
