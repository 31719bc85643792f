"""Figure 3: product, truth, prediction and error in three months."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.grid import Grid
from gwkeras.core.months import Month
from gwkeras.report.figures.style import draw_map, new_figure, save, symmetric
from gwkeras.report.stored.run import field_of

_MOST_CELLS = 400  # a side; beyond, cells are left out, which no screen could show


def example_months(fields: xr.Dataset) -> list[int]:
    """Positions of the months in which the truth varies most, as usual, and least."""
    deviations = [float(np.nanstd(field_of(fields, "truth", k))) for k in range(fields.sizes["time"])]
    order = np.argsort(deviations)
    return list(dict.fromkeys(int(order[k]) for k in (-1, len(order) // 2, 0)))


def draw_examples(fields: xr.Dataset, method: str, judged_by: str, path: Path) -> tuple[Path, list[Month]]:
    """A row a month; returns the file and the months.

    Args:
        fields: as stored.
        method: whose prediction is shown.
        judged_by: in a phrase.
        path: of the PNG.
    """
    chosen = example_months(fields)
    fine, coarse = (Grid.from_centres(fields[f"lat{e}"].values, fields[f"lon{e}"].values) for e in ("", "_product"))
    ratio = min(1.6, max(0.4, fine.n_lat * fine.lat_step / (fine.n_lon * fine.lon_step)))
    figure = new_figure(12.0, 0.7 + len(chosen) * 2.6 * ratio)
    panels = figure.subplots(len(chosen), 4, squeeze=False)
    months = [fields["time"].values[k] for k in chosen]
    for row, (k, month) in enumerate(zip(chosen, months, strict=True)):
        truth, mean = field_of(fields, "truth", k), field_of(fields, "mean", k, method)
        span, error = symmetric(truth), np.abs(mean - truth)
        shown = (
            ("product", coarse, field_of(fields, "product", k), span, "RdBu"),
            (judged_by, fine, truth, span, "RdBu"),
            (method, fine, mean, span, "RdBu"),
            ("size of the error", fine, error, (0.0, max(float(np.nanpercentile(error, 99)), 1e-6)), "viridis"),
        )
        for axes, (title, grid, values, limits, colours) in zip(panels[row], shown, strict=True):
            image = draw_map(axes, *_thinned(grid, values), limits, colours)
            axes.tick_params(labelsize=7)
            if row == 0:
                axes.set_title(title, fontsize=9, wrap=True)
            figure.colorbar(image, ax=axes, shrink=0.75, label="mm")
        panels[row][0].set_ylabel(f"{str(month)[:7]}\nlatitude, °N", fontsize=9)
    for axes in panels[-1]:
        axes.set_xlabel("longitude, °E", fontsize=8)
    return save(figure, path), months


def _thinned(grid: Grid, values: np.ndarray) -> tuple[Grid, np.ndarray]:
    step = max(1, -(-max(grid.shape) // _MOST_CELLS))
    if step == 1:
        return grid, values
    thin = values[::step, ::step]
    return Grid(grid.south, grid.west, grid.lat_step * step, grid.lon_step * step, *thin.shape), thin
