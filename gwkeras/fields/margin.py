"""What lies around the region: a filter brings it into the product, so the files are read as far as the filter reaches."""

from __future__ import annotations

import numpy as np

from gwkeras.core.config.tree import DataConfig, RegionConfig
from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.sources import Sources
from gwkeras.observation.point_spread import REACH

_NARROWEST = 0.1  # of a parallel's length, as a share of the equator's
_ROUNDING = 1e-3  # of a cell


def with_margin(sources: Sources, data: DataConfig) -> RegionConfig | None:
    """The region with as much around it as the filter reaches and product, climate and maps all cover; None without a region.

    Args:
        sources: as opened.
        data: whose region is meant, and whose `margin_km` says how wide the margin is to be.
    """
    region, spread = data.region, sources.storage.point_spread
    if region is None:
        return None
    reach = data.margin_km
    if reach is None:
        reach = REACH * spread.half_weight_km if spread.kind == "gaussian" else 0.0
    grid, whole = grid_of(sources.storage.gwsa), data.coarsen_product
    step = grid.lat_step, grid.lon_step
    sides = (region.north - region.south) / step[0] / whole, (region.east - region.west) / step[1] / whole
    if reach <= 0 or any(abs(side - round(side)) > _ROUNDING for side in sides):  # an end that fills no block stays the end
        return region
    degree = np.deg2rad(1.0) * EARTH_RADIUS_KM
    narrowest = max(float(np.cos(np.deg2rad(max(abs(region.south), abs(region.north))))), _NARROWEST)
    wanted = reach / degree, reach / (degree * narrowest)
    covering = [grid, *sources.around().values()]
    room = [
        (region.south - max(g.lat_edges[0] for g in covering), wanted[0], step[0]),
        (min(g.lat_edges[-1] for g in covering) - region.north, wanted[0], step[0]),
        (min(_room(g, region)[0] for g in covering), wanted[1], step[1]),
        (min(_room(g, region)[1] for g in covering), wanted[1], step[1]),
    ]
    south, north, west, east = (_whole_cells(have, want, cell * whole) for have, want, cell in room)
    return RegionConfig(region.south - south, region.north + north, region.west - west, region.east + east)


def _room(grid: Grid, region: RegionConfig) -> tuple[float, float]:
    """Degrees of a grid west and east of the region; across the dateline nothing is read."""
    if grid.is_periodic:
        return region.west + 180.0, 180.0 - region.east
    return region.west - float(grid.lon_edges[0]), float(grid.lon_edges[-1]) - region.east


def _whole_cells(have: float, want: float, cell: float) -> float:
    """Degrees of the cells that are wanted and there."""
    return cell * max(0, min(int(np.ceil(want / cell)), int(np.floor(have / cell + _ROUNDING))))
