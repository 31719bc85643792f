"""report.md: what was done, how good it is, and what to know before relying on it."""

from __future__ import annotations

from pathlib import Path

from gwkeras.core.files.whole_file import write_atomically
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Figure, Report, Section
from gwkeras.report.markdown import render
from gwkeras.report.sections import error_bars, patches, run, scores
from gwkeras.report.stored.told import Told


def report_of(evaluation: Evaluation, told: Told, *, picture: Path | None = None) -> Report:
    """The short document that ends an evaluation; nothing is predicted for it.

    Args:
        evaluation: as stored.
        told: facts about the run.
        picture: lies beside the report.
    """
    figure = () if picture is None else (Figure(picture, "coarse field, truth, model and error"),)
    return Report(
        told.title,
        (
            scores.verdict(evaluation, told.target),
            Section("", figure),
            patches.patches(evaluation),
            scores.all_scores(evaluation),
            error_bars.error_bars(evaluation),
            scores.physics(evaluation),
            *run.told_sections(told),
        ),
    )


def write_report(report: Report, path: Path) -> None:
    """Writes the page, whole or not at all; pictures are linked by their names beside it."""
    write_atomically(path, render(report).encode())
