"""Figure 6: how the network's losses and errors went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gwkeras.report.figures.style import LINES, new_figure, save

_LOSSES = ("loss", "data", "sign", "magnitude", "regional", "smoothness")


def curves(history: Mapping[str, Sequence[float]]) -> dict[str, dict[str, list[float]]]:
    """Panel -> curve -> values by epoch: the losses, and the root mean square error, mm; validation under "…, validation".

    Args:
        history: the columns of history.csv, terms before their weights.
    """
    found: dict[str, dict[str, list[float]]] = {"losses": {}, "errors": {}}
    for before, after in (("", ""), ("val_", ", validation")):
        for name in _LOSSES:
            if f"{before}{name}" in history:
                found["losses"][f"{name}{after}"] = list(history[f"{before}{name}"])
        if f"{before}mse" in history:
            found["errors"][f"RMSE{after}"] = np.sqrt(history[f"{before}mse"]).tolist()
    return found


def draw_training(history: Mapping[str, Sequence[float]], path: Path) -> Path:
    """Losses to the left, errors to the right; training drawn through, validation dashed."""
    figure = new_figure(10.0, 4.0)
    panels = figure.subplots(1, 2)
    for axes, (panel, found), label in zip(panels, curves(history).items(), ("loss", "root mean square error, mm"), strict=True):
        names = [name for name in found if not name.endswith(", validation")]
        for name, values in found.items():
            number = names.index(name.removesuffix(", validation")) if name.removesuffix(", validation") in names else 0
            style = "--" if name.endswith(", validation") else "-"
            axes.plot(range(1, len(values) + 1), values, style, color=LINES[number], linewidth=1.4, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        if panel == "losses" and all(value > 0 for values in found.values() for value in values):
            axes.set_yscale("log")
        if axes.lines:
            axes.legend(fontsize=7, ncols=2)
    return save(figure, path)
