"""A record on disk decomposed, with drivers from climate files of any grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from gwkeras.analysis.decomposition.record import (
    Decomposition,
    Series,
    cell_series,
    decomposition,
    whole_region,
    zone_series,
)
from gwkeras.analysis.decomposition.stl import StlOptions
from gwkeras.analysis.zones import Zones, read_zones
from gwkeras.application.record_of_files import Asked, read_record
from gwkeras.core.box import Edges
from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.readers.climate import read_climate
from gwkeras.fields.region import cut_to


def decomposed_record(
    asked: Asked,
    *,
    climate: SourceConfig | None = None,
    zones: Path | None = None,
    cells: bool = False,
    options: StlOptions = StlOptions(),
    attributes: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Decomposition:
    """Parts of a record's means over the region or over zones, or of each cell.

    Args:
        asked: the record.
        climate: files of drivers; they may begin before the record.
        zones: GeoJSON or map of labels; None: the whole region.
        cells: whether each cell is a series of its own; without drivers.
        options: of STL.
        attributes: of the dataset.
        progress: called with the number of series done and in all.
    Raises: BadInput: where files cannot be read, or drivers are asked for by cell.
    """
    if cells and (climate is not None or zones is not None):
        raise BadInput(
            "--cells", expected="cells alone", found="zones or climate, too", remedy="leave out --cells, or the others"
        )
    field, notes = read_record(asked)
    if cells:
        found = decomposition(cell_series(field), None, options, cells=field, attributes=attributes, progress=progress)
        return Decomposition(found.data, (*notes, *found.notes))
    grid = grid_of(field)
    own = zone_series(field, _zones(zones, grid), grid)
    drivers: dict[str, Series] = {}
    if climate is not None:
        box = Edges(max(grid.south, -90.0), min(grid.north, 90.0), grid.west, grid.east).checked()
        for name, value in read_climate(climate).items():
            part, more = cut_to(value, box)
            notes = (*notes, *(f"{name}: {note}" for note in more))
            driver_grid = grid_of(part)
            drivers[name] = zone_series(
                _over_land(part, grid, np.isfinite(field.values).any(axis=0)), _zones(zones, driver_grid), driver_grid
            )
    found = decomposition(own, drivers, options, attributes=attributes, progress=progress)
    return Decomposition(found.data, (*notes, *found.notes))


def _zones(path: Path | None, grid: Grid) -> Zones:
    return whole_region(grid) if path is None else read_zones(path, grid)


def _over_land(value, grid: Grid, land: np.ndarray):  # type: ignore[no-untyped-def]
    """A driver where the record has data: the mean over its region is that of the same land."""
    own = grid_of(value)
    rows = np.clip(np.floor((own.lat - grid.south) / grid.lat_step).astype(int), 0, grid.n_lat - 1)
    cols = np.clip(np.floor(((own.lon - grid.west) % 360.0) / grid.lon_step).astype(int), 0, grid.n_lon - 1)
    return value.where(land[np.ix_(rows, cols)])
