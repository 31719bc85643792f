"""What all figures share: colours that colour-blind readers can tell apart, maps with a coastline, PNG and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure

from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.grid import Grid

LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F", "#8C564B", "#17BECF")
"""Okabe and Ito's colours, and three more."""

_DASHES = ("-", "--", "-.", ":")
DIVERGING, SEQUENTIAL = "RdBu", "viridis"
_WATER = "0.88"


def new_figure(width: float, height: float) -> Figure:
    """An empty one, inches."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    return figure


def line_style(number: int) -> dict[str, Any]:
    """Colour, dashes and width of a method's line; the first is broad, so that it shows where others lie upon it."""
    first = number == 0
    return {
        "color": LINES[number % len(LINES)],
        "linestyle": _DASHES[0 if first else (number - 1) % len(_DASHES)],
        "linewidth": 4.0 if first else 1.5,
        "alpha": 0.55 if first else 1.0,
        "marker": "o",
        "markersize": 3,
    }


def save(figure: Figure, path: Path) -> Path:
    """PNG at `path` and PDF beside it, whole or not at all; returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for target, kind in ((path, "png"), (path.with_suffix(".pdf"), "pdf")):
        fixed = {"Software": None} if kind == "png" else {"CreationDate": None}  # the same figure is the same file
        with replacing_path(target) as partial:
            figure.savefig(partial, format=kind, metadata=fixed)
    return path


def draw_map(axes: Axes, grid: Grid, values: np.ndarray, span: tuple[float, float], colours: str = DIVERGING) -> QuadMesh:
    """A field in degrees, with the coast of its mask.

    Args:
        axes: to draw on.
        grid: of the field.
        values: (n_lat, n_lon); NaN is sea or unknown.
        span: values at the ends of the colours.
        colours: name of the map of colours.
    """
    image = axes.pcolormesh(grid.lon_edges, grid.lat_edges, values, cmap=colours, vmin=span[0], vmax=span[1], rasterized=True)
    axes.add_collection(LineCollection(list(coast(np.isfinite(values), grid)), colors="0.25", linewidths=0.6))
    axes.set_facecolor(_WATER)
    axes.set_aspect(1 / max(np.cos(np.deg2rad((grid.south + grid.north) / 2)), 0.2))
    axes.set_xlim(grid.west, grid.east)
    axes.set_ylim(grid.south, grid.north)
    return image


def label_axes(axes: Axes) -> None:
    """Degrees."""
    axes.set_xlabel("longitude, °E")
    axes.set_ylabel("latitude, °N")


def symmetric(values: np.ndarray, least: float = 1e-6) -> tuple[float, float]:
    """−span … span, so that zero has the middle colour; one value in a hundred lies beyond."""
    known = np.abs(values[np.isfinite(values)])
    span = max(float(np.percentile(known, 99)), least) if known.size else least
    return -span, span


def coast(land: np.ndarray, grid: Grid) -> np.ndarray:
    """(lines, 2, 2) longitude and latitude of the ends of all edges between land and what is not; the grid's own edge is none."""
    lat, lon = grid.lat_edges, grid.lon_edges
    row, col = np.nonzero(land[1:] != land[:-1])
    level = np.stack([np.stack([lon[col], lat[row + 1]], 1), np.stack([lon[col + 1], lat[row + 1]], 1)], 1)
    row, col = np.nonzero(land[:, 1:] != land[:, :-1])
    upright = np.stack([np.stack([lon[col + 1], lat[row]], 1), np.stack([lon[col + 1], lat[row + 1]], 1)], 1)
    return np.concatenate([level, upright])
