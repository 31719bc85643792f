"""The region that is worked on, in whole cells of the product: what was asked for, or the part that all files cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from gwkeras.core.box import Edges, describe_box
from gwkeras.core.config.tree import DataConfig, RegionConfig
from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.fields.canonical import clip_region, grid_of
from gwkeras.fields.grids.coverage import is_covered
from gwkeras.fields.sources import Sources, open_sources

_ROUNDING = 1e-3  # of a cell
_Span = tuple[int, int]  # first cell, and the one after the last


def settled_region(data: DataConfig, edges: Edges = Edges(), smallest: int = 2) -> tuple[DataConfig, str]:
    """The configuration with the region that it is going to work on, and a line for the user; empty where nothing is to be said.

    Without edges, a region that the configuration has stays, and no file is opened.

    Args:
        data: the sources, and maybe a region.
        edges: asked for by the user; they are widened to whole cells of the product, and go before the configuration's.
        smallest: cells of the product that the region must have along either side.
    Raises: GridMismatch: where the files have too little in common, or the edges lie outside the product. And as `open_sources`.
    """
    if data.region is not None and not edges.given:
        return data, ""
    asked = edges.checked()
    if data.region is not None:
        own = data.region
        asked = Edges(*(a if a is not None else o for a, o in zip(_four(asked), _four(own), strict=True)))
    region, said = working_region(open_sources(data), data, asked, smallest)
    return replace(data, region=region), said


def working_region(
    sources: Sources, data: DataConfig, asked: Edges = Edges(), smallest: int = 2
) -> tuple[RegionConfig | None, str]:
    """The box to work on, None for all of the product; and what to tell.

    The edges that are not asked for are the product's where all files cover it, up to strips that their nearest cells may fill;
    else those of the largest box of whole cells that all files cover.

    Args:
        sources: as opened.
        data: whose `minimum_valid_share` says when a cell counts as covered.
        asked: edges, checked.
        smallest: cells of the product along either side.
    Raises: GridMismatch: as `settled_region`.
    """
    grid, around = grid_of(sources.storage.gwsa), sources.around()
    open_edges = None in _four(asked)
    covered = not open_edges or _all_covered(sources.storage.gwsa, around, data.minimum_valid_share)
    if covered and not asked.given:
        return None, ""
    rows, columns = (0, grid.n_lat), (0, grid.n_lon)
    if not covered:
        rows, columns = _common(grid, around, smallest)
    box = _widened(grid, asked, rows, columns, smallest, "the product")
    why = "" if covered else ": the part that all files cover"
    return box, f"Working on {describe_region(box)}{why}."


def note_of(sources: Sources, data: DataConfig) -> list[str]:
    """A note where the configuration's region is the part of the product that all files cover, and that is not all of it."""
    grid, region = grid_of(sources.storage.gwsa), data.region
    if region is None:
        return []
    around = sources.around()
    if all(_inside(grid, other) for other in around.values()):
        return []
    try:
        rows, columns = _common(grid, around, 1)
    except GridMismatch:
        return []
    common = _region(grid, rows, columns)
    same = np.allclose(_four(common), _four(region), atol=_ROUNDING * grid.lat_step)
    return [f"Working on {describe_region(region)}: the part that all files cover."] if same else []


def cut_to(value: xr.DataArray, edges: Edges) -> tuple[xr.DataArray, list[str]]:
    """The cells of a field's own grid that a box touches, and a note where the field ends inside the box.

    Args:
        value: canonical, (time, lat, lon) or (lat, lon).
        edges: checked.
    Raises: GridMismatch: where there are fewer than 2 × 2. BadInput: where a field in memory has no data there.
    """
    if not edges.given:
        return value, []
    grid = grid_of(value)
    region = _widened(grid, edges, (0, grid.n_lat), (0, grid.n_lon), 2, "its own")
    short = [
        f"{name}ern edge {found:g}, not {asked:g}"
        for name, asked, found, step in zip(
            ("south", "north", "west", "east"), _four(edges), _four(region), (1, -1, 1, -1), strict=True
        )
        if asked is not None and (found - asked) * step > grid.lat_step / 2
    ]
    notes = [f"it does not fill the region: {'; '.join(short)}"] if short else []
    return clip_region(value, region), notes


def describe_region(region: RegionConfig) -> str:
    """'2°N … 20°S, 85°W … 65°W'."""
    return describe_box(region.south, region.north, region.west, region.east)


def _four(box: Edges | RegionConfig) -> tuple:
    return box.south, box.north, box.west, box.east


def _all_covered(gwsa: xr.DataArray, around: Mapping[str, Grid], share: float) -> bool:
    grid = grid_of(gwsa)
    beyond = [other for other in around.values() if not _inside(grid, other)]
    if not beyond:
        return True
    try:
        known = np.isfinite(gwsa.isel(time=gwsa.sizes["time"] // 2).values)
    except (OSError, RuntimeError) as error:
        raise BadInput(
            str(gwsa.attrs.get("source", "storage")),
            expected="a file that can be read to its end",
            found=str(error),
            remedy="download it again",
        ) from error
    return all(is_covered(other, grid, known, share) for other in beyond)


def _inside(grid: Grid, other: Grid) -> bool:
    slack = _ROUNDING * grid.lat_step
    tall = other.south <= grid.lat_edges[0] + slack and other.north >= grid.lat_edges[-1] - slack
    return tall and (other.is_periodic or (other.west <= grid.west + slack and other.east >= grid.east - slack))


def _common(grid: Grid, around: Mapping[str, Grid], smallest: int) -> tuple[_Span, _Span]:
    """The product's rows and columns that lie in all grids."""
    rows, columns = (0, grid.n_lat), (0, grid.n_lon)
    for name, other in around.items():
        tall = _within(grid.lat_edges, other.south, other.north)
        wide = (0, grid.n_lon) if other.is_periodic else _within(grid.lon_edges, other.west, other.east)
        before = _region(grid, rows, columns)
        rows = max(rows[0], tall[0]), min(rows[1], tall[1])
        columns = max(columns[0], wide[0]), min(columns[1], wide[1])
        if rows[1] - rows[0] < smallest or columns[1] - columns[0] < smallest:
            raise GridMismatch(
                name,
                expected=f"{smallest} × {smallest} cells or more of the product in common with the other files, which share "
                f"{describe_region(before)}",
                found=describe_box(max(other.south, -90.0), min(other.north, 90.0), other.west, other.east),
                remedy="give files of one region",
            )
    return rows, columns


def _within(edges: np.ndarray, low: float, high: float) -> _Span:
    """The cells between ascending edges that lie whole in low … high."""
    slack = _ROUNDING * float(edges[1] - edges[0] if edges.size < 3 else edges[2] - edges[1])
    inside = np.flatnonzero((edges[:-1] >= low - slack) & (edges[1:] <= high + slack))
    return (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 0)


def _widened(grid: Grid, asked: Edges, rows: _Span, columns: _Span, smallest: int, whose: str) -> RegionConfig:
    """The cells that the edges asked for touch; other edges by rows and columns."""
    rows = _touched(grid.lat_edges, asked.south, asked.north, rows)
    columns = _touched(grid.lon_edges, asked.west, asked.east, columns)
    if rows[1] - rows[0] < smallest or columns[1] - columns[0] < smallest:
        names = ("south", "north", "west", "east")
        wanted = ", ".join(f"{n} {e:g}" for n, e in zip(names, _four(asked), strict=True) if e is not None)
        raise GridMismatch(
            "region",
            expected=f"{smallest} × {smallest} cells or more of {whose}, in "
            f"{describe_region(_region(grid, (0, grid.n_lat), (0, grid.n_lon)))}",
            found=f"{max(rows[1] - rows[0], 0)} × {max(columns[1] - columns[0], 0)} cells for {wanted or 'all of it'}",
            remedy="choose a larger region, or one inside",
        )
    return _region(grid, rows, columns)


def _touched(edges: np.ndarray, low: float | None, high: float | None, span: _Span) -> _Span:
    slack = _ROUNDING * float(edges[-1] - edges[0]) / (edges.size - 1)
    first, after = span
    if low is not None:
        first = max(int(np.searchsorted(edges, low + slack, side="right")) - 1, 0)
    if high is not None:
        after = min(int(np.searchsorted(edges, high - slack, side="left")), edges.size - 1)
    return first, after


def _region(grid: Grid, rows: _Span, columns: _Span) -> RegionConfig:
    south, north = (float(np.round(grid.lat_edges[row], 6)) for row in rows)
    west, east = (float(np.round(grid.lon_edges[column], 6)) for column in columns)
    return RegionConfig(south, north, max(west, -180.0), min(east, 180.0))
