"""Runs on several worlds or regions in one table: only shares of the best interpolation's error can be held beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, skill_of
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.plain_percent import change


def across_worlds(evaluations: Mapping[str, Evaluation]) -> Section:
    """One row a method, one column a run.

    Args:
        evaluations: run -> evaluation.
    Raises: BadInput: where one is judged by another kind of evidence, or in another way, than the first.
    """
    (first_name, first), *others = evaluations.items()
    for name, other in others:
        for here, there in ((first.evidence, other.evidence), (first.data.attrs["split"], other.data.attrs["split"])):
            if here != there:
                raise BadInput(
                    f"run '{name}'",
                    expected=f"a run judged as '{first_name}' is ({first.evidence}, split {first.data.attrs['split']})",
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
        rows.append((method, middle, *(f"{r:.3f}" if np.isfinite(r) else "–" for r in ratios)))
    best = min(
        (row for row in rows if row[0] not in INTERPOLATIONS and row[1] != "–"), key=lambda row: float(row[1]), default=None
    )
    said = (
        "These runs have other months, cells or truths, so their errors in millimetres cannot be compared. What can be is each "
        "RMSE as a share of the best interpolation's in the same run."
    )
    if best is not None:
        said += f" The least median is that of {best[0]}: {change(float(best[1]))} than the best interpolation."
    table = Table("RMSE as a share of the best interpolation's", ("method", "median", *evaluations), tuple(rows), "worlds")
    return Section("Across worlds", (paragraph(said), table))
