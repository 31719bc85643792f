"""Figure 7: whether the stated standard deviations are as large as the errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gwkeras.evaluate.measures.error_bars import LEVELS
from gwkeras.evaluate.measures.spread import CENTRES_MM
from gwkeras.report.figures.style import LINES, new_figure, save


def draw_calibration(spread: np.ndarray, coverage: list[float], pit: np.ndarray, quarters: np.ndarray, path: Path) -> Path:
    """Five panels: error by σ, distribution of σ, coverage, the truth's place in the prediction, error by quarters of σ.

    Args:
        spread: (KINDS, bins) sums; see `gwkeras.evaluate.measures.spread`.
        coverage: share of the truth in the intervals of `LEVELS`.
        pit: (bins,) weight of the cells by the truth's cumulative probability.
        quarters: (4, 2) root mean square of σ and of the error, mm.
        path: of the PNG.
    """
    figure = new_figure(12.0, 6.6)
    (a, b, c), (d, e, empty) = figure.subplots(2, 3)
    empty.set_axis_off()
    weight, squared, variance = spread[:3]
    merged = [
        (w, s, v) for w, s, v in zip(*(_merged(x) for x in (weight, squared, variance)), strict=True) if w > 1e-3 * weight.sum()
    ]
    sigma = np.sqrt([v / w for w, _, v in merged])
    error = np.sqrt([s / w for w, s, _ in merged])
    top = 1.1 * max([*sigma, *error])
    a.plot([0, top], [0, top], "--", color="0.4", label="right")
    a.plot(sigma, error, "o-", color=LINES[0], label="found")
    a.set(xlabel="stated standard deviation, mm", ylabel="root mean square error, mm", title="(a) error by stated σ")
    a.legend(fontsize=8)
    known = weight > 0
    low, high = np.flatnonzero(known)[[0, -1]]
    b.bar(
        CENTRES_MM[low : high + 1],
        weight[low : high + 1] / weight.sum(),
        width=0.045 * CENTRES_MM[low : high + 1],
        color=LINES[0],
    )
    b.set(xlabel="stated standard deviation, mm", ylabel="share of the land", title="(b) what σ is stated")
    c.plot([0.4, 1], [0.4, 1], "--", color="0.4", label="right")
    c.plot(LEVELS, coverage, "o-", color=LINES[1], label="found")
    c.set(xlabel="probability of the interval", ylabel="share of the truth inside", title="(c) coverage")
    c.legend(fontsize=8)
    bins = len(pit)
    d.bar((np.arange(bins) + 0.5) / bins, pit / max(pit.sum(), 1e-300) * bins, width=0.92 / bins, color=LINES[2])
    d.axhline(1.0, linestyle="--", color="0.4")
    d.set(xlabel="place of the truth in the prediction", ylabel="density", title="(d) flat where σ is right")
    places = np.arange(4)
    e.bar(places - 0.2, quarters[:, 0], width=0.38, color=LINES[5], label="stated σ")
    e.bar(places + 0.2, quarters[:, 1], width=0.38, color=LINES[1], label="error")
    e.set_xticks(places, ["lowest σ", "second", "third", "highest σ"])
    e.set(ylabel="root mean square, mm", title="(e) by quarters of the land")
    e.legend(fontsize=8)
    for axes in (a, b, c, d, e):
        axes.grid(alpha=0.3)
    return save(figure, path)


def _merged(values: np.ndarray, count: int = 6) -> np.ndarray:
    """Sums over groups of neighbouring bins."""
    return np.add.reduceat(values, np.arange(0, len(values), count))
