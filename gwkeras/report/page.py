"""report.md: what was done, how good it is, and what to know before relying on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gwkeras.core.whole_file import write_atomically
from gwkeras.data.manifest import Source
from gwkeras.evaluate.evaluation import Evaluation
from gwkeras.report.document import Figure, Report, Section
from gwkeras.report.markdown import render
from gwkeras.report.sections import error_bars, patches, run, scores


def report_of(
    evaluation: Evaluation,
    *,
    title: str,
    target: str,
    split: str = "",
    picture: Path | None = None,
    notes: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
    sources: Sequence[Source] = (),
) -> Report:
    """The document of one run; nothing is predicted for it.

    Args:
        evaluation: as stored.
        title: the run's name.
        target: what was learned from.
        split: who learned from what, in sentences.
        picture: lies beside the report.
        notes: sentences on the data.
        facts: name -> value.
        sources: files that all comes from.
    """
    figure = () if picture is None else (Figure(picture, "coarse field, truth, model and error"),)
    return Report(
        title,
        (
            scores.verdict(evaluation, target),
            Section("", figure),
            patches.patches(evaluation),
            scores.all_scores(evaluation),
            error_bars.error_bars(evaluation),
            scores.physics(evaluation),
            run.facts(facts or {}),
            run.split(split),
            run.notes(notes),
            run.sources(sources),
        ),
    )


def write_report(report: Report, path: Path) -> None:
    """Writes the page, whole or not at all; pictures are linked by their names beside it."""
    write_atomically(path, render(report).encode())
