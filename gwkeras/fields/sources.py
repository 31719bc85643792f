"""The sources of a configuration, opened and not yet cut to a region; lazily, in canonical form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from gwkeras.core.config.tree import DataConfig, SourceConfig
from gwkeras.core.grid import Grid
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.openable import require_openable
from gwkeras.fields.files.paths import expand
from gwkeras.fields.readers import Storage, read_static, read_storage
from gwkeras.fields.readers.climate import read_channels


@dataclass(frozen=True)
class Sources:
    """What the files of a configuration hold.

    Args:
        storage: the product.
        climate: channel -> its source and its field; of several sources with a channel the first.
        static: name -> map; names that several sources have are told apart.
        notes: of the climate, for the reader of the results.
    """

    storage: Storage
    climate: dict[str, tuple[SourceConfig, xr.DataArray]]
    static: dict[str, xr.DataArray]
    notes: tuple[str, ...]

    def around(self) -> dict[str, Grid]:
        """The grids that have to cover the product, each under the name of the first file and field that has it."""
        named = {name_of(name, value): grid_of(value) for name, (_, value) in self.climate.items()}
        named |= {name_of(name, value): grid_of(value) for name, value in self.static.items()}
        first: dict[Grid, str] = {}
        for name, grid in named.items():
            first.setdefault(grid, name)
        return {name: grid for grid, name in first.items()}


def open_sources(data: DataConfig) -> Sources:
    """Opens product, climate and maps.

    Raises: BadInput: a file missing or damaged, a variable not found. UnknownUnits. GridMismatch: files of several grids.
    """
    named = [*sources_of(data), *([data.truth] if data.truth else [])]
    require_openable(member for source in named for path in expand(source) for member in members(path))
    storage = read_storage(data.gwsa, data.point_spread)
    climate: dict[str, tuple[SourceConfig, xr.DataArray]] = {}
    notes: list[str] = []
    for source in data.climate:
        record = read_channels(source)
        notes += record.notes
        for channel, value in record.fields.items():
            if channel in climate:
                notes.append(f"{label_of(source)}: {channel} is left out, an earlier source has it")
            else:
                climate[channel] = source, value
    static: dict[str, xr.DataArray] = {}
    for number, source in enumerate(data.static):
        for name, value in read_static(source).items():
            static[name if name not in static else f"{name}_{number + 1}"] = value
    return Sources(storage, climate, static, tuple(notes))


def sources_of(data: DataConfig) -> list[SourceConfig]:
    """All but the truth."""
    return [data.gwsa, *data.climate, *data.static, *([data.reference] if data.reference else [])]


def label_of(source: SourceConfig) -> str:
    """The source's files without their folders, for notes."""
    return ", ".join(Path(path).name for path in source.path[:2]) + (" …" if len(source.path) > 2 else "")


def name_of(name: str, value: xr.DataArray) -> str:
    """'file.nc, variable' for messages."""
    return f"{value.attrs['source']}, {name}" if "source" in value.attrs else name
