"""Table 8: what the methods cost."""

from __future__ import annotations

import json

import numpy as np

from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.sections.paper.beside import beside
from gwkeras.report.stored.run import StoredRun


def cost(run: StoredRun) -> Section:
    """Table 8."""
    data = run.evaluation.data
    fitted = json.loads(str(data.attrs.get("fit_seconds", "{}")))
    cells = int((data["land_area_map"].values > 0).sum())
    rows = []
    for row, method in enumerate(run.evaluation.methods):
        month = float(np.median(data["predict_seconds"].values[row]))
        fit = _duration(fitted[method]) if method in fitted else "–"
        rows.append((method, fit, f"{month:.3f}", f"{month / max(cells, 1) * 1e6:.2f}"))
    trained = run.summary.get("seconds", {}).get("train")
    words = [
        f"Measured on {data.attrs.get('hardware', 'a machine that the file does not name')}, which may have had other work. "
        "Fitting times are given only for methods fitted for this evaluation, not for those read from an earlier fit. A method "
        "with a network needs its training as well."
    ]
    if trained:
        words.append(f"Training the network took {_duration(float(trained))}.")
    table = Table("", ("method", "fitting", "seconds a month", "µs a land cell"), tuple(rows), "table_8")
    return Section("Table 8: cost", (paragraph(" ".join(words)), table, beside(8)), 3)


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
