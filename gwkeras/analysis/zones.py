"""Zones: basins, aquifers, districts, as polygons of a GeoJSON file or a shapefile, or as a grid of labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.path import Path as Outline

from gwkeras.analysis.polygon_files import GEOJSON, SHAPEFILE, read_features
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.files.netcdf_file import open_netcdf

_PARTS = 5  # along each side of a cell: shares of cells are known to 1/25
_NAMES = ("name", "NAME", "Name", "id", "ID", "HYBAS_ID")
_FEWEST_CELLS = 1.0


@dataclass(frozen=True)
class Zones:
    """Zones on a grid.

    Args:
        names: of each zone.
        shares: (zones, n_lat, n_lon) share of each cell that lies in each zone.
    """

    names: tuple[str, ...]
    shares: np.ndarray


def read_zones(path: Path, grid: Grid) -> Zones:
    """Zones of a file on a grid.

    Args:
        path: polygons in degrees (WGS 84), as GeoJSON or a shapefile, or NetCDF with one map of whole numbers, 0 and missing for
            no zone.
        grid: whose cells are shared out.
    Raises: BadInput: where there is no such file, a polygon crosses itself, or a zone lies outside the grid or is smaller than a
        cell.
    """
    if not path.is_file():
        raise BadInput(
            path, expected="zones: a GeoJSON file, a shapefile, or NetCDF with a map of labels", found="none", remedy="correct it"
        )
    zones = _from_polygons(path, grid) if path.suffix.lower() in (*GEOJSON, *SHAPEFILE) else _from_labels(path, grid)
    area = (zones.shares * grid.area).sum(axis=(1, 2))
    for name, held, share in zip(zones.names, area, zones.shares, strict=True):
        if held == 0:
            raise BadInput(
                path, expected=f"zones within {grid.describe()}", found=f"'{name}', which lies outside", remedy="leave it out"
            )
        if share.sum() < _FEWEST_CELLS:
            raise BadInput(
                path,
                expected=f"zones of at least one cell ({grid.lat_step:g}° × {grid.lon_step:g}°)",
                found=f"'{name}', which covers {share.sum():.2f} of one within the region",
                remedy="join it to a neighbour, or leave it out",
            )
    return zones


def _from_polygons(path: Path, grid: Grid) -> Zones:
    names, shares = [], []
    for number, feature in enumerate(read_features(path), start=1):
        told = feature.get("properties") or {}
        name = next((str(told[key]) for key in _NAMES if told.get(key) not in (None, "")), f"zone {number}")
        geometry = feature.get("geometry") or {}
        if geometry.get("type") not in ("Polygon", "MultiPolygon"):
            raise BadInput(path, expected="polygons", found=f"a {geometry.get('type')} ('{name}')", remedy="give polygons alone")
        parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        share = np.zeros(grid.shape)
        for rings in parts:
            outlines = [np.asarray(ring, float)[:, :2] for ring in rings]
            for outline in outlines:
                if crosses_itself(outline):
                    raise BadInput(
                        path,
                        expected="polygons that do not cross themselves",
                        found=f"'{name}', which does",
                        remedy="repair it, in QGIS by 'Fix geometries'",
                    )
            share += polygon_share(outlines[0], grid) - sum(polygon_share(hole, grid) for hole in outlines[1:])
        names.append(name)
        shares.append(np.clip(share, 0.0, 1.0))
    if not names:
        raise BadInput(path, expected="at least one polygon", found="none", remedy="give a file with zones")
    return Zones(tuple(names), np.stack(shares))


def polygon_share(outline: np.ndarray, grid: Grid) -> np.ndarray:
    """(n_lat, n_lon) share of each cell inside a ring, from 25 points in each cell.

    Args:
        outline: (n, 2) degrees east and north; the last point repeats the first.
        grid: of the cells.
    """
    east = outline[:, 0] + 360.0 * np.round((grid.west + grid.n_lon * grid.lon_step / 2 - outline[:, 0].mean()) / 360.0)
    ring = Outline(np.stack([east, outline[:, 1]], axis=1), closed=True)
    inside = (np.arange(_PARTS) + 0.5) / _PARTS
    lat = (grid.lat_edges[:-1, None] + inside * grid.lat_step).ravel()
    lon = (grid.lon_edges[:-1, None] + inside * grid.lon_step).ravel()
    rows = np.flatnonzero((lat >= outline[:, 1].min()) & (lat <= outline[:, 1].max()))
    cols = np.flatnonzero((lon >= east.min()) & (lon <= east.max()))
    held = np.zeros((lat.size, lon.size))
    if rows.size and cols.size:
        points = np.stack(np.meshgrid(lon[cols], lat[rows]), axis=-1).reshape(-1, 2)
        held[np.ix_(rows, cols)] = ring.contains_points(points).reshape(rows.size, cols.size)
    return held.reshape(grid.n_lat, _PARTS, grid.n_lon, _PARTS).mean(axis=(1, 3))


def crosses_itself(outline: np.ndarray) -> bool:
    """Whether two edges of a ring that are no neighbours cross.

    Args:
        outline: (n, 2); the last point repeats the first.

    >>> crosses_itself(np.array([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0.0]]))
    True
    """
    start, end = outline[:-1], outline[1:]
    count = len(start)

    def side(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> np.ndarray:
        return np.sign(
            (b[..., 0] - a[..., 0]) * (point[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (point[..., 0] - a[..., 0])
        )

    for number in range(count - 2):
        later = slice(number + 2, count - (number == 0))
        a, b, c, d = start[number], end[number], start[later], end[later]
        if ((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)).any():
            return True
    return False


def _from_labels(path: Path, grid: Grid) -> Zones:
    with open_netcdf(path) as file:
        maps = [v for v in file.data_vars.values() if v.ndim == 2 and np.issubdtype(v.dtype, np.number)]
        if len(maps) != 1:
            raise BadInput(path, expected="one map of labels", found=f"{len(maps)} maps", remedy="leave one in the file")
        field = maps[0].load()
    given = grid_of(field)
    rows = np.floor((grid.lat - given.south) / given.lat_step).astype(int)
    cols = np.floor(((grid.lon - given.west) % 360.0) / given.lon_step).astype(int)
    there = ((rows >= 0) & (rows < given.n_lat))[:, None] & ((cols >= 0) & (cols < given.n_lon))[None, :]
    values = field.values[np.ix_(np.clip(rows, 0, given.n_lat - 1), np.clip(cols, 0, given.n_lon - 1))]
    labels = np.where(there & np.isfinite(values), values, 0).astype(int)
    found = [int(label) for label in np.unique(labels) if label != 0]
    if not found:
        raise BadInput(path, expected=f"labels within {grid.describe()}", found="none", remedy="give a map of the same region")
    return Zones(tuple(f"zone {label}" for label in found), np.stack([(labels == label).astype(float) for label in found]))
