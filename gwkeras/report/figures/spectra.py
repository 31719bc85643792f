"""Power by wavelength: how much of what a method shows at each is the truth's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gwkeras.report.figures.style import LINES, new_figure, save


def draw_spectra(
    lengths: np.ndarray, truth: np.ndarray, predicted: np.ndarray, error: np.ndarray, methods: Sequence[str], path: Path
) -> Path:
    """Two panels: variance by wavelength, and that of the error as a share of the truth's.

    Args:
        lengths: (classes,) km.
        truth: (classes,) mm².
        predicted: (methods, classes) mm².
        error: (methods, classes) mm².
        methods: their names.
        path: of the PNG.
    """
    figure = new_figure(10.0, 4.4)
    left, right = figure.subplots(1, 2)
    left.loglog(lengths, truth, "--", color="black", linewidth=2.2, label="what methods are judged by")
    for row, name in enumerate(methods):
        colour = LINES[row % len(LINES)]
        left.loglog(lengths, predicted[row], color=colour, linewidth=1.4, label=name)
        right.semilogx(lengths, error[row] / truth, color=colour, marker="o", markersize=3, linewidth=1.4)
    right.axhline(1.0, linestyle="--", color="0.4")
    right.set_ylim(0, min(2.5, max(1.2, 1.05 * float(np.nanmax(error / truth)))))
    left.set_ylabel("variance in the class, mm²")
    right.set_ylabel("variance of the error / of the truth")
    for axes in (left, right):
        axes.set_xlabel("wavelength, km")
        axes.grid(alpha=0.3, which="both")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return save(figure, path)
