"""Figure 5: where errors are large, on a map and by distance from the sea."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.evaluate.findings.places import Place
from gwkeras.report.figures.style import draw_map, label_axes, line_style, new_figure, save


def draw_places(
    grid: Grid, maps: Sequence[tuple[str, np.ndarray]], by_distance: Sequence[Place], methods: Sequence[str], path: Path
) -> Path:
    """Maps of the root mean square error, of one scale, and a panel of it by distance from the sea where there is one.

    Args:
        grid: of the maps.
        maps: (method, (n_lat, n_lon) mm), at most two.
        by_distance: classes of cells from the sea inland.
        methods: names, in the order of the classes' figures.
        path: of the PNG.
    """
    panels = len(maps) + bool(by_distance)
    figure = new_figure(4.6 * panels, 4.4)
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    known = np.concatenate([values[np.isfinite(values)] for _, values in maps])
    most = max(float(np.percentile(known, 99)), 1e-6) if known.size else 1.0
    for place, (name, values) in zip(axes, maps, strict=False):
        image = draw_map(place, grid, values, (0.0, most), "viridis")
        place.set_title(name, fontsize=10)
        label_axes(place)
        figure.colorbar(image, ax=place, shrink=0.7, location="bottom", label="root mean square error, mm")
    if by_distance:
        last = axes[-1]
        positions = np.arange(len(by_distance))
        for row, name in enumerate(methods):
            last.plot(positions, [c.rmse[row] for c in by_distance], **line_style(row), label=name)
        last.set_xticks(
            positions, [c.name.replace(" from the sea", "").replace(" to ", "–") for c in by_distance], fontsize=7, rotation=30
        )
        last.set_ylabel("root mean square error, mm")
        last.set_xlabel("distance from the sea")
        last.set_ylim(bottom=0)
        last.grid(alpha=0.3)
        last.legend(fontsize=7)
    return save(figure, path)
