"""Tables 6 and 7: what parts of the network and lengths of memory bring, where several runs are reported together."""

from __future__ import annotations

import numpy as np

from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.sections.paper.beside import beside, without


def ablation(evaluation: Evaluation, runs: tuple[str, ...]) -> Section:
    """Table 6."""
    if len(runs) < 2:
        return without(
            6,
            "parts left out",
            "One run says nothing of what its parts bring. `gwkeras ablate` trains variants with several seeds each; several "
            "run folders in one report stand beside each other here.",
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
        "All methods of all runs; changes are against the first run's first method. One seed each unless the runs say otherwise."
    )
    table = Table("", ("run: method", "MAE mm", "change", "physics loss"), tuple(rows), "table_6")
    return Section("Table 6: runs beside each other", (said, table, beside(6)), 3)


def memory(evaluation: Evaluation, runs: tuple[str, ...]) -> Section:
    """Table 7."""
    return without(
        7,
        "length of memory",
        "One length of memory was run. `gwkeras ablate` trains networks with memories of 1, 3, 6 and 12 months, and writes "
        "this table."
        if len(runs) < 2
        else "Runs with other lengths of memory stand in the table above.",
    )
