"""Figure 4: error and mean storage by calendar month."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gwkeras.evaluate.findings.calendar_months import NAMES
from gwkeras.report.figures.style import line_style, new_figure, save


def draw_seasons(errors: np.ndarray, storage: np.ndarray, truth: np.ndarray, methods: Sequence[str], path: Path) -> Path:
    """Two panels.

    Args:
        errors: (methods, 12) mean absolute error, mm.
        storage: (methods, 12) mean predicted storage, mm.
        truth: (12,) mean storage of the truth, mm.
        methods: their names.
        path: of the PNG.
    """
    figure = new_figure(10.0, 4.2)
    left, right = figure.subplots(1, 2)
    months = np.arange(12)
    for row, name in enumerate(methods):
        style = {**line_style(row), "label": name}
        left.plot(months, errors[row], **style)
        right.plot(months, storage[row], **style)
    right.plot(months, truth, color="black", linewidth=2.2, linestyle="--", label="the field that methods are scored against")
    for axes, label in ((left, "mean absolute error, mm"), (right, "mean storage anomaly, mm")):
        axes.set_xticks(months, [name[:3] for name in NAMES], fontsize=8)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    left.set_ylim(bottom=0)
    right.axhline(0, color="0.5", linewidth=0.8)
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return save(figure, path)
