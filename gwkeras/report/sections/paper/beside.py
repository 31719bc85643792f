"""What the paper prints, as an aside."""

from __future__ import annotations

from gwkeras.report.document import Aside, Section, Table, paragraph
from gwkeras.report.paper import TABLES, UNIT


def beside(number: int) -> Aside:
    """The paper's table of that number, and whether it can be compared."""
    printed = TABLES[number]
    words = printed.comparable if number not in (3, 4, 6, 7) else f"{printed.comparable} {UNIT}"
    return Aside(f"Table {number} as the paper prints it", (Table("", printed.headings, printed.rows), paragraph(words)))


def without(number: int, title: str, reason: str) -> Section:
    """A table that this run cannot give, and why."""
    return Section(f"Table {number}: {title}", (paragraph(reason), beside(number)), 3)
