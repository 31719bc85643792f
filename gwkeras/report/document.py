"""A report as sections of text, tables and figures. Renderers know no hydrology; sections know no format.

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
        name: of its CSV and LaTeX files; empty: it has none.

    >>> Table("Errors", ("method", "RMSE mm"), (("bicubic", "2.11"),)).untitled.title
    ''
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str = ""

    @property
    def untitled(self) -> Table:
        """The table alone, for a place that has said what it is."""
        return replace(self, title="")


@dataclass(frozen=True)
class Figure:
    """A picture.

    Args:
        file: where it lies; beside the report or in a folder beside it.
        description: what it shows, for those who cannot see it.
        folder: that the file lies in, as the report links it; empty: its own.
    """

    file: Path
    description: str
    folder: str = ""

    @property
    def link(self) -> str:
        """From the report to the file."""
        return f"{self.folder}/{self.file.name}" if self.folder else self.file.name


@dataclass(frozen=True)
class Interactive:
    """A place where a page can be worked with.

    Args:
        key: of what the renderer puts there.
        instead: what a document says there that is only read.
    """

    key: str
    instead: str


@dataclass(frozen=True)
class Aside:
    """What few readers need: folded away where that can be done.

    Args:
        title: one phrase.
        blocks: what is in it.
    """

    title: str
    blocks: tuple[Text | Table, ...]


Block = Text | Table | Figure | Interactive | Aside


@dataclass(frozen=True)
class Section:
    """Blocks under a title; an empty title continues the report's own.

    Args:
        title: a phrase.
        blocks: what stands under it.
        level: 2 for a section, 3 for a part of the section before.
    """

    title: str
    blocks: tuple[Block, ...]
    level: Literal[2, 3] = 2


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
