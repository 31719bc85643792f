"""Figure 2: how the methods are put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.patches import FancyBboxPatch

from gwkeras.report.figures.style import new_figure, save


def draw_parts(rows: Sequence[tuple[str, str, str, str]], path: Path) -> Path:
    """One row of boxes a method.

    Args:
        rows: name, prior, update and calibration of each.
        path: of the PNG.
    """
    figure = new_figure(9.0, 1.0 + 0.75 * len(rows))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, 100)
    axes.set_ylim(-len(rows), 1.0)
    for x, heading in (
        (17, "method"),
        (46, "prior\nwhat the climate tells"),
        (70, "update\nwhat the product tells"),
        (91, "error bars"),
    ):
        axes.text(x, 0.55, heading, ha="center", va="center", fontsize=9, fontweight="bold")
    for row, (name, *parts) in enumerate(rows):
        middle = -row - 0.1
        axes.text(17, middle, _wrapped(name, 34), ha="center", va="center", fontsize=9)
        for (left, width, colour), text in zip(
            ((35, 22, "#D9E8F5"), (59, 22, "#FBE3D0"), (83, 16, "#E2F0D9")), parts, strict=True
        ):
            box = FancyBboxPatch(
                (left, middle - 0.3), width, 0.6, boxstyle="round,pad=0,rounding_size=0.8", fc=colour, ec="0.4", lw=0.8
            )
            axes.add_patch(box)
            axes.text(left + width / 2, middle, _wrapped(text, 24), ha="center", va="center", fontsize=8)
        for x in (57, 81):
            axes.annotate("", (x + 2, middle), (x, middle), arrowprops={"arrowstyle": "->", "lw": 0.8})
    return save(figure, path)


def _wrapped(text: str, width: int) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])
