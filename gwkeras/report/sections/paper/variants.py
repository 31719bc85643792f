"""Tables 6 and 7: the effect of the network's parts and of its memory's length, from a study or from several runs."""

from __future__ import annotations

import numpy as np

from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.sections.paper.beside import beside, without
from gwkeras.report.spread import spread_text
from gwkeras.report.stored.study import FULL, StoredStudy

_SEEDS = (
    "Mean ± standard deviation over seeds, and the paired change from the full configuration; a change within its spread means "
    "nothing. The physics loss is that of the validation samples."
)


def ablation(evaluation: Evaluation, runs: tuple[str, ...], study: StoredStudy | None = None) -> Section:
    """Table 6: of a study where one is reported, else of the runs.

    Args:
        evaluation: of all runs.
        runs: their names.
        study: of `gwkeras ablate`; None where none is reported.
    """
    if study is not None and len(study.parts()) > 1:
        rows = [_interpolation(name, scores) for name, scores in study.interpolations.items()]
        rows += [_variant(study, name, name) for name in study.parts()]
        headings = ("variant", "seeds", "MAE mm", "change", "physics loss")
        table = Table("", headings, tuple(rows), "table_6")
        return Section("Table 6: parts left out", (paragraph(_said(study, evaluation)), table, beside(6)), 3)
    if len(runs) < 2:
        return without(
            6,
            "parts left out",
            "One run cannot show the effect of its parts. `gwkeras ablate` trains variants with several seeds each; give its "
            "folder with the run (`gwkeras report RUN STUDY`) to fill this table. With several run folders it compares the runs.",
        )
    physics = evaluation.physics(by_patch=evaluation.has_patches)["physics"]
    rows = []
    first = None
    for row, method in enumerate(evaluation.methods):
        mae = evaluation.scores[method]["mae"]
        first = mae if first is None and any(method.startswith(f"{name}: ") for name in runs) else first
        change = "–" if first is None or mae == first else f"{100 * (mae / first - 1):+.1f} %"
        known = physics[row][np.isfinite(physics[row])]
        rows.append((method, f"{mae:.2f}", change, f"{known.mean():.3f}" if known.size else "–"))
    said = paragraph(
        "All methods of all runs; changes are relative to the first run's first method. One seed each unless stated otherwise."
    )
    table = Table("", ("run: method", "MAE mm", "change", "physics loss"), tuple(rows), "table_6")
    return Section("Table 6: comparison of runs", (said, table, beside(6)), 3)


def memory(evaluation: Evaluation, runs: tuple[str, ...], study: StoredStudy | None = None) -> Section:
    """Table 7; arguments as above."""
    title = "length of memory"
    if study is not None and study.memories():
        rows = [(*_interpolation(name, scores), "–") for name, scores in study.interpolations.items()]
        for months, variant in study.memories().items():
            name = f"{months} month{'s' if months > 1 else ''}{f' ({FULL})' if variant == FULL else ''}"
            rows.append((*_variant(study, variant, name), spread_text(study.spread(variant, "minutes"), 1)))
        headings = ("memory", "seeds", "MAE mm", "change", "physics loss", "training, minutes")
        said = f"{_said(study, evaluation)} All are trained and scored on the months for which the longest memory is available."
        return Section(f"Table 7: {title}", (paragraph(said), Table("", headings, tuple(rows), "table_7"), beside(7)), 3)
    if study is not None:
        return without(7, title, "The study has one length of memory. `gwkeras ablate --study memory` trains others.")
    if len(runs) < 2:
        return without(
            7,
            title,
            "One length of memory was run. `gwkeras ablate --study memory` trains networks with 1, 3, 6 and 12 months; give its "
            "folder with the run (`gwkeras report RUN STUDY`) to fill this table.",
        )
    return without(7, title, "Runs with other lengths of memory are in the table above.")


def _said(study: StoredStudy, evaluation: Evaluation) -> str:
    judged = f"Scored against {study.judged}. " if study.judged else ""
    if study.digest and study.digest != evaluation.digest:
        judged += "Months, cells or true values differ from those of the other tables, so errors cannot be compared with theirs. "
    return f"{judged}{_SEEDS}"


def _interpolation(name: str, scores: dict[str, float]) -> tuple[str, ...]:
    return (name, "", f"{scores['mae']:.2f}" if "mae" in scores else "–", "", "–")


def _variant(study: StoredStudy, variant: str, name: str) -> tuple[str, ...]:
    change = None if variant == FULL else study.change(variant, "mae")
    return (
        name,
        str(len(study.variants[variant])),
        spread_text(study.spread(variant, "mae"), 2),
        "–" if change is None else f"{change.text(1, '+')} %",
        spread_text(study.spread(variant, "physics"), 2),
    )
