"""What was done, and with what: facts, split, notes and sources of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gwkeras.data.manifest import Source
from gwkeras.report.document import Section, listing, paragraph
from gwkeras.report.stored.told import Told


def told_sections(told: Told) -> tuple[Section, ...]:
    """All sections about the run; those without content are left out of the document."""
    return facts(told.facts), split(told.split), notes(told.notes), sources(told.sources)


def facts(values: Mapping[str, str]) -> Section:
    """Name: value."""
    return Section("The run", (listing(tuple(f"{name}: {value}" for name, value in values.items())),) if values else ())


def split(description: str) -> Section:
    """What was learned from and what was held out."""
    return Section("Split", (paragraph(description),) if description else ())


def notes(sentences: Sequence[str]) -> Section:
    """What a reader should know about the data."""
    return Section("Notes on the data", (listing(tuple(sentences)),) if sentences else ())


def sources(files: Sequence[Source]) -> Section:
    """The input files."""
    lines = tuple(f"`{s.file}`, {s.size:,} bytes, sha256 {s.sha256[:16]}…" for s in files)
    return Section("Sources", (listing(lines),) if lines else ())
