"""Whether a record fits a configuration, and if not why, in sentences; without a look at more than one month's values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from gwkeras.core.config.smallest_region import smallest_side
from gwkeras.core.config.tree import Config, RegionConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.fields.canonical import clip_region, grid_of
from gwkeras.fields.grids.coverage import check_coverage


def storage_misfits(value: xr.DataArray, config: Config) -> list[str]:
    """Reasons why a storage record (time, lat, lon) cannot serve as `data.gwsa`."""
    reasons = []
    months = value["time"].values.astype("datetime64[M]")
    first, last = _wanted(config)
    inside = _between(months, first, last)
    if not inside.any():
        reasons.append(f"its months {months[0]} to {months[-1]} have none of {first or 'the start'} to {last or 'the end'}")
        inside[:] = True
    region = config.data.region
    if region is not None:
        try:
            value = clip_region(value, region)
        except BadInput as error:
            return [*reasons, str(error)]
        reasons += _off_the_grid(grid_of(value), region)
    grid, needed = grid_of(value), smallest_side(config)
    if min(grid.shape) < needed:
        reasons.append(
            f"{grid.n_lat} × {grid.n_lon} cells in the region are too few; target.kind: {config.target.kind} needs "
            f"{needed} × {needed}"
        )
    chosen = np.flatnonzero(inside)
    if not np.isfinite(value.isel(time=chosen[chosen.size // 2]).values).any():
        reasons.append(f"no data in the region in {months[chosen[chosen.size // 2]]}")
    return reasons


def climate_misfits(fields: Mapping[str, xr.DataArray], config: Config) -> list[str]:
    """Reasons why climate channels cannot serve among `data.climate`."""
    reasons = []
    channels = {name: fields[name] for name in config.sample.climate if name in fields} or dict(fields)
    if config.sample.climate and not set(config.sample.climate) & set(fields):
        reasons.append(f"it holds {', '.join(fields)}, and sample.climate asks for {', '.join(config.sample.climate)}")
    first, last = _wanted(config)
    for name, value in channels.items():
        months = value["time"].values.astype("datetime64[M]")
        held = set(months.astype(int).tolist())
        sequences = np.array([all(m - k in held for k in range(config.sample.months)) for m in months.astype(int)], bool)
        if not (sequences & _between(months, first, last)).any():
            reasons.append(
                f"{name} of {months[0]} to {months[-1]} lacks {config.sample.months} months in a row that end between "
                f"{first or 'its start'} and {last or 'its end'}"
            )
        reasons += _uncovered(name, value, config)
    return reasons


def static_misfits(maps: Mapping[str, xr.DataArray], config: Config) -> list[str]:
    """Reasons why maps cannot serve among `data.static`."""
    return [reason for name, value in maps.items() for reason in _uncovered(name, value, config)]


def _uncovered(name: str, value: xr.DataArray, config: Config) -> list[str]:
    region = config.data.region
    if region is None:
        return []
    height, width = region.north - region.south, region.east - region.west
    rows, columns = max(1, round(2 * height)), max(1, round(2 * width))
    try:
        clipped = clip_region(value, region, margin_cells=1)
        box = Grid(region.south, region.west, height / rows, width / columns, rows, columns)
        check_coverage(grid_of(clipped), box, np.ones(box.shape, bool), config.data.minimum_valid_share, name)
    except BadInput as error:
        return [str(error)]
    return []


def _off_the_grid(grid: Grid, region: RegionConfig) -> list[str]:
    """Edges of the region that are no edges of cells, nor beyond the product."""
    pairs = {"south": grid.lat_step, "north": grid.lat_step, "west": grid.lon_step, "east": grid.lon_step}
    return [
        f"data.region.{edge} is {getattr(region, edge):g}, and the nearest edge of a cell is {getattr(grid, edge):g}"
        for edge, step in pairs.items()
        if 0.01 * step < abs(getattr(region, edge) - getattr(grid, edge)) < 0.99 * step
    ]


def _wanted(config: Config) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    first, last = config.data.first_month, config.data.last_month
    return (None if first is None else np.datetime64(first, "M")), (None if last is None else np.datetime64(last, "M"))


def _between(months: np.ndarray, first: np.datetime64 | None, last: np.datetime64 | None) -> np.ndarray:
    keep = np.ones(months.size, bool)
    if first is not None:
        keep &= months >= first
    if last is not None:
        keep &= months <= last
    return keep
