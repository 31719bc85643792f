"""Power by wavelength: how much of what a method shows at each is the truth's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import ScalarFormatter

from gwkeras.report.figures.style import line_style, new_figure, save


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
    left.loglog(lengths, truth, "--", color="black", linewidth=2.2, label="the field that methods are scored against")
    for row, name in enumerate(methods):
        left.loglog(lengths, predicted[row], **line_style(row), label=name)
        right.semilogx(lengths, error[row] / truth, **line_style(row))
    right.axhline(1.0, linestyle="--", color="0.4")
    right.set_ylim(0, min(2.5, max(1.2, 1.05 * float(np.nanmax(error / truth)))))
    left.set_ylabel("variance in the class, mm²")
    right.set_ylabel("variance of the error / of the truth")
    for axes in (left, right):
        axes.set_xlabel("wavelength, km")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.grid(alpha=0.3, which="both")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return save(figure, path)
