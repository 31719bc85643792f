"""A report as sections of text, tables and figures. What renders them knows no hydrology; what makes them knows no format.

In texts, words between backticks are code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Text:
    """Words.

    Args:
        lines: one paragraph each, or items of a list, or lines of a command.
        form: which of these.
    """

    lines: tuple[str, ...]
    form: Literal["paragraphs", "list", "code"] = "paragraphs"


@dataclass(frozen=True)
class Table:
    """Texts in rows and columns: the first column names what the others tell of.

    Args:
        title: one phrase; empty where the words before it say enough.
        headings: of the columns, with units.
        rows: as many texts each.

    >>> Table("Errors", ("method", "RMSE mm"), (("bicubic", "2.11"),)).untitled.title
    ''
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def untitled(self) -> Table:
        """The table alone, for a place that has said what it is."""
        return replace(self, title="")


@dataclass(frozen=True)
class Figure:
    """A picture.

    Args:
        file: where it lies; beside the report, by its name.
        description: what it shows, for those who cannot see it.
    """

    file: Path
    description: str


Block = Text | Table | Figure


@dataclass(frozen=True)
class Section:
    """Blocks under a title; an empty title continues the report's own."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A document; sections without blocks are left out of it."""

    title: str
    sections: tuple[Section, ...]


def paragraph(text: str) -> Text:
    """One paragraph."""
    return Text((text,))


def listing(items: tuple[str, ...]) -> Text:
    """A list."""
    return Text(items, "list")
