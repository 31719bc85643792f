"""One picture: the coarse field, the truth, the model, and the model's error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.grid import Grid
from gwkeras.evaluate.stored.evaluation import Evaluation


def draw_example(evaluation: Evaluation, method: str, path: Path) -> np.datetime64:
    """Draws the month that the evaluation keeps as an example, as PNG, and returns it.

    Args:
        evaluation: as stored.
        method: one of its methods.
        path: of the file to write.
    """
    data = evaluation.data
    truth, mean = (
        data["example_truth"],
        data["example_mean"].sel({"method": method}),
    )
    grid = Grid.from_centres(*(truth[dim].values for dim in truth.dims))
    error = mean.values - truth.values
    span = float(np.nanpercentile(np.abs(truth.values), 99))
    error_span = max(float(np.nanpercentile(np.abs(error), 99)), 1e-6)
    panels = [
        (f"coarse, {data.attrs['coarse_step_degrees']:g}°", data["example_coarse"].values, span),
        (evaluation.basis, truth.values, span),
        (f"{method}, {grid.lat_step:g}°", mean.values, span),
        (f"{method} less truth", error, error_span),
    ]
    figure = Figure(figsize=(11, 11 * 0.86 * grid.n_lat / grid.n_lon + 1), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    month = np.datetime64(data["example_time"].values.item(), "ns")
    figure.suptitle(f"Groundwater storage anomaly, {str(month)[:7]}, mm")
    for axes, (title, field, limit) in zip(figure.subplots(2, 2).flat, panels, strict=True):
        image = axes.pcolormesh(grid.lon_edges, grid.lat_edges, field, cmap="RdBu", vmin=-limit, vmax=limit, rasterized=True)
        axes.set_title(title)
        axes.set_facecolor("0.85")  # sea and cells without data, as against a storage of zero
        axes.set_aspect(1 / np.cos(np.deg2rad((grid.south + grid.north) / 2)))
        axes.set_xlabel("longitude, °E")
        axes.set_ylabel("latitude, °N")
        figure.colorbar(image, ax=axes, shrink=0.8)
    with replacing_path(path) as partial:
        figure.savefig(partial, format="png")
    return month
