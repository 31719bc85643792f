"""How good the methods are: the tables of scores over all cells and in held-out blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gwkeras.evaluate.measures.metric import Column
from gwkeras.evaluate.measures.physics import TERMS
from gwkeras.evaluate.measures.scores import Scores
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Block, Section, Table, paragraph

_TERM_HEADINGS = {
    "sign": "sign",
    "magnitude": "magnitude",
    "regional": "regional",
    "physics": "physics loss",
    "smoothness": "smoothness",
    "sign_share": "share of wrong signs",
}


def score_table(scores: Mapping[str, Scores], columns: Sequence[Column], title: str = "") -> Table:
    """One row a method, simplest first.

    Args:
        scores: method -> scores.
        columns: which of them.
        title: of the table.
    """
    rows = ((name, *(column.text(s.value(column)) for column in columns)) for name, s in scores.items())
    return Table(title, ("method", *(column.heading for column in columns)), tuple(rows))


def brief_table(evaluation: Evaluation) -> Table:
    """The table that ends a run: the scores that a terminal is wide enough for."""
    title = f"{evaluation.held_out}, scored against {evaluation.basis}"
    return score_table(evaluation.scores, [c for c in evaluation.columns if c.metric.brief], title[:1].upper() + title[1:])


def verdict(evaluation: Evaluation, target: str, title: str = "") -> Section:
    """What methods were scored against, and the scores; then those in held-out blocks.

    Args:
        evaluation: of the run.
        target: what was learned from.
        title: of the section.
    """
    cells = "all their land cells" if evaluation.has_patches else "all land cells"
    blocks: list[Block] = [
        paragraph(
            f"Configured target: `{target}`. Scored against {evaluation.basis}: {evaluation.held_out}, {cells}, weighted by area."
        )
    ]
    if evaluation.caution:
        blocks.append(paragraph(evaluation.caution))
    blocks.append(brief_table(evaluation).untitled)
    if evaluation.held_out_blocks:
        brief = [c for c in evaluation.columns if c.metric.brief]
        heading = "In the blocks held out of all training"
        blocks.append(score_table(evaluation.held_out_blocks, brief, heading))
    return Section(title, tuple(blocks))


def all_scores(evaluation: Evaluation) -> Section:
    """Every score, where the table at the head leaves some out."""
    columns = [c for c in evaluation.columns if not c.metric.of_sigma]
    if all(c.metric.brief for c in columns):
        return Section("All scores", ())
    tables = [replace(score_table(evaluation.scores, columns), name="scores")]
    if evaluation.held_out_blocks:
        tables.append(score_table(evaluation.held_out_blocks, columns, "In held-out blocks"))
    return Section("All scores", tuple(tables))


def physics(evaluation: Evaluation) -> Section:
    """The physics terms of every method, averaged over the months that have them; nothing where the water is not known."""
    found = evaluation.physics(by_patch=evaluation.has_patches)
    shown = [term for term in TERMS if np.isfinite(found[term]).any()]
    if "physics" not in shown:
        return Section("Physics terms", ())
    rows = [(method, *(f"{_mean(found[term][row]):.3f}" for term in shown)) for row, method in enumerate(evaluation.methods)]
    truth = {} if evaluation.has_patches else evaluation.physics_of_truth()
    if truth and np.isfinite(truth["physics"]).any():
        rows.append(("truth used for scoring", *(f"{_mean(truth[term]):.3f}" for term in shown)))
    what = "patches" if evaluation.has_patches else "months"
    said = paragraph(
        f"Equations 12 to 15 of the paper, averaged over the {what} whose previous month is known. They measure how well storage "
        "change agrees with net water input, not how close a method is to the truth."
        + (" The last row is the field used for scoring." if truth else "")
    )
    return Section("Physics terms", (said, Table("", ("method", *(_TERM_HEADINGS[t] for t in shown)), tuple(rows))))


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
