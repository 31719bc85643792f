"""A map of trends: slopes in colour, cells whose trend is significant dotted, hotspots outlined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.grid import Grid

_MOST_DOTS = 4000


def draw_trend(data: xr.Dataset, path: Path) -> None:
    """Writes a PNG.

    Args:
        data: as `record_trend` makes it.
        path: of the file.
    """
    grid = Grid.from_centres(data["lat"].values, data["lon"].values)
    slope, significant = data["trend"].values, data["significant"].values == 1
    span = max(float(np.nanpercentile(np.abs(slope), 98)), 1e-6)
    figure = Figure(figsize=(10, np.clip(10 * 0.9 * grid.n_lat / grid.n_lon, 3.5, 12) + 0.8), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    image = axes.pcolormesh(grid.lon_edges, grid.lat_edges, slope, cmap="RdBu", vmin=-span, vmax=span, rasterized=True)
    rows, cols = np.nonzero(significant)
    thin = max(1, int(np.sqrt(rows.size / _MOST_DOTS)))
    kept = (rows % thin == 0) & (cols % thin == 0)
    axes.scatter(grid.lon[cols[kept]], grid.lat[rows[kept]], s=1.5, c="black", linewidths=0)
    spots = data["hotspot"].values > 0
    if spots.any():
        axes.contour(grid.lon, grid.lat, spots.astype(float), levels=[0.5], colors="black", linewidths=0.8)
    axes.set_facecolor("0.85")
    axes.set_aspect(1 / np.cos(np.deg2rad((grid.south + grid.north) / 2)))
    axes.set(xlabel="longitude, °E", ylabel="latitude, °N", title="Trend, mm a year; dots: significant, lines: hotspots")
    figure.colorbar(image, ax=axes, shrink=0.8)
    with replacing_path(path) as partial:
        figure.savefig(partial, format="png")
