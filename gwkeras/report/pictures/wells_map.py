"""Maps of wells: how well the product follows each, and what each field gains on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gwkeras.core.files.whole_file import replacing_path

_COLUMNS = 3
_MARGIN = 0.5  # degrees around the outermost wells


def draw_wells(data: xr.Dataset, path: Path) -> None:
    """Writes a PNG: correlation with the product, then the gain of each field; grey where there is none.

    Args:
        data: as `gwkeras wells` writes it.
        path: of the file.
    """
    names = list(map(str, data["field"].values))
    gain = data["well_gain"].values
    known = np.abs(gain[np.isfinite(gain)])
    span = max(float(np.quantile(known, 0.95)), 0.01) if known.size else 1.0
    panels = [(f"correlation, {names[0]}", data["well_correlation"].values[0], 1.0)]
    panels += [(f"gain in correlation, {name}", gain[k], span) for k, name in enumerate(names) if k > 0]
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.2 * columns, 4.6 * rows), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (title, values, limit) in zip(grid.flat, panels, strict=False):
        _draw(axes, data["lon"].values, data["lat"].values, values, limit)
        axes.set_title(title)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    with replacing_path(path) as partial:
        figure.savefig(partial, format="png")


def _draw(axes: Axes, lon: np.ndarray, lat: np.ndarray, values: np.ndarray, limit: float) -> None:
    there = np.isfinite(values)
    size = float(np.clip(4000.0 / max(values.size, 1), 2.0, 30.0))
    axes.scatter(lon[~there], lat[~there], s=size, c="0.7", linewidths=0)
    order = np.flatnonzero(there)[np.argsort(np.abs(values[there]), kind="stable")]  # the most telling on top
    image = axes.scatter(
        lon[order], lat[order], s=size, c=values[order], cmap="RdBu", vmin=-limit, vmax=limit, linewidths=0.2, edgecolors="0.4"
    )
    axes.set_aspect(1 / max(np.cos(np.deg2rad(lat.mean())), 0.05))
    axes.set(xlim=(lon.min() - _MARGIN, lon.max() + _MARGIN), ylim=(lat.min() - _MARGIN, lat.max() + _MARGIN))
    axes.set(xlabel="longitude, °E", ylabel="latitude, °N")
    axes.figure.colorbar(image, ax=axes, shrink=0.8)
