"""Figure 6: how the network's losses and errors went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gwkeras.report.figures.style import LINES, new_figure, save

_LOSSES = ("loss", "data", "physics", "sign", "magnitude", "regional", "smoothness")
_ERRORS = ("mae", "rmse")


def draw_training(history: Mapping[str, Sequence[float]], path: Path) -> Path:
    """Losses to the left, errors on the validation samples to the right; training drawn through, validation dashed."""
    figure = new_figure(10.0, 4.0)
    left, right = figure.subplots(1, 2)
    for axes, names in ((left, _LOSSES), (right, _ERRORS)):
        for number, name in enumerate(names):
            for key, style, label in ((name, "-", name), (f"val_{name}", "--", f"{name}, validation")):
                if key in history:
                    epochs = [epoch + 1 for epoch in range(len(history[key]))]
                    axes.plot(epochs, history[key], style, color=LINES[number], linewidth=1.4, label=label)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize=7, ncols=2)
    left.set_ylabel("loss")
    right.set_ylabel("error, mm")
    return save(figure, path)
