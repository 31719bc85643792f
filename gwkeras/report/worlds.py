"""Runs on several worlds or regions in one table, compared by their shares of the best interpolation's error."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, skill_of
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.cell_text import cell_text
from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.plain_percent import change, link


def across_worlds(evaluations: Mapping[str, Evaluation]) -> Section:
    """One row a method, one column a run.

    Args:
        evaluations: run -> evaluation.
    Raises: BadInput: where evidence or split differ from those of the first run.
    """
    (first_name, first), *others = evaluations.items()
    for name, other in others:
        for here, there in ((first.evidence, other.evidence), (first.data.attrs["split"], other.data.attrs["split"])):
            if here != there:
                raise BadInput(
                    f"run '{name}'",
                    expected=f"a run scored as '{first_name}' is ({first.evidence}, split {first.data.attrs['split']})",
                    found=f"{other.evidence}, split {other.data.attrs['split']}",
                    remedy="report it by itself",
                )
    methods = list(dict.fromkeys(m for found in evaluations.values() for m in found.methods))
    rows = []
    for method in methods:
        ratios = []
        for found in evaluations.values():
            skill = skill_of(found, method) if method in found.methods else None
            ratios.append(float("nan") if skill is None else skill.ratio)
        known = [r for r in ratios if np.isfinite(r)]
        middle = f"{median(known):.3f}" if known else "–"
        rows.append((method, middle, *(cell_text(ratio, ".3f") for ratio in ratios)))
    best = min(
        (row for row in rows if row[0] not in INTERPOLATIONS and row[1] != "–"), key=lambda row: float(row[1]), default=None
    )
    said = (
        "These runs differ in months, cells or truth, so their errors in millimetres cannot be compared. The table compares "
        "each RMSE as a share of the best interpolation's in the same run."
    )
    if best is not None:
        ratio = float(best[1])
        said += f" {best[0]} has the lowest median: {change(ratio)} {link(ratio)} the best interpolation."
    table = Table("RMSE as a share of the best interpolation's", ("method", "median", *evaluations), tuple(rows), "worlds")
    return Section("Across worlds", (paragraph(said), table))
