"""One picture: the coarse field, what it is judged by, the model, and the model's error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.whole_file import replacing_path
from gwkeras.evaluate.compare import Judge
from gwkeras.methods.method import Method


def draw_month(judge: Judge, model: Method, path: Path) -> np.datetime64:
    """Draws the held-out month whose truth varies most, as PNG, and returns it."""
    month = max(judge.months, key=lambda m: float(np.nanstd(judge.truth(m))))
    domain, truth = judge.domain, judge.truth(month)
    prediction = model.predict(domain, month)
    coarse = np.where(domain.land_fine > 0, nearest_upsample(domain.storage_of(month), domain.factor), np.nan)
    error = prediction.mean - truth
    span = float(np.nanpercentile(np.abs(truth), 99))
    error_span = max(float(np.nanpercentile(np.abs(error), 99)), 1e-6)
    panels = [
        (f"coarse, {domain.coarse.lat_step:g}°", coarse, span),
        (judge.basis, truth, span),
        (f"{model.name}, {domain.fine.lat_step:g}°", prediction.mean, span),
        (f"{model.name} less truth", error, error_span),
    ]
    figure = Figure(figsize=(11, 11 * 0.86 * domain.fine.n_lat / domain.fine.n_lon + 1), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    figure.suptitle(f"Groundwater storage anomaly, {str(month)[:7]}, mm")
    for axes, (title, field, limit) in zip(figure.subplots(2, 2).flat, panels, strict=True):
        image = axes.pcolormesh(
            domain.fine.lon_edges, domain.fine.lat_edges, field, cmap="RdBu", vmin=-limit, vmax=limit, rasterized=True
        )
        axes.set_title(title)
        axes.set_facecolor("0.85")  # sea and cells without data, as against a storage of zero
        axes.set_aspect(1 / np.cos(np.deg2rad(_middle(domain.fine))))
        axes.set_xlabel("longitude, °E")
        axes.set_ylabel("latitude, °N")
        figure.colorbar(image, ax=axes, shrink=0.8)
    with replacing_path(path) as partial:
        figure.savefig(partial, format="png")
    return month


def _middle(grid: Grid) -> float:
    return (grid.south + grid.north) / 2
