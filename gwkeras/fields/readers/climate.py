"""Climate records of any kind, merged over files: canonical names, canonical units, monthly totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.paths import expand
from gwkeras.fields.files.recognise import recognise_dataset
from gwkeras.fields.readers import era5, gldas, netcdf
from gwkeras.fields.readers.channel import without_negatives
from gwkeras.fields.readers.static import is_repeated_map
from gwkeras.fields.readers.variable import join, label, wrong_variable

_READERS = {"era5": era5.read, "gldas": gldas.read, "netcdf": netcdf.read, "g3p": netcdf.read, "grace": netcdf.read}


@dataclass(frozen=True)
class Climate:
    """Channels in canonical units, negative amounts still in them, and notes."""

    fields: dict[str, xr.DataArray]
    notes: tuple[str, ...] = ()


def read_climate(source: SourceConfig) -> dict[str, xr.DataArray]:
    """The climate channels of a source, keyed and in units as `core.schema.CLIMATE_UNITS`, (time, lat, lon), lazily.

    Files split by variable, by step type or by year are merged; negative amounts of water are set to zero.

    Raises: BadInput: file missing or damaged, no climate variable known. UnknownUnits. GridMismatch: files of several grids.
    """
    return {channel: without_negatives(value, channel) for channel, value in read_channels(source).fields.items()}


def read_channels(source: SourceConfig) -> Climate:
    """As `read_climate`, with negative amounts left in, so that they can be counted, and with notes."""
    _check_mapping(source)
    parts: dict[str, list[xr.DataArray]] = {}
    notes: list[str] = []
    files = []
    for path in expand(source):
        for member in members(path):
            data = open_netcdf(member)
            files.append(data)
            kind = recognise_dataset(data).kind if source.kind == "auto" else source.kind
            found, file_notes = _READERS[kind](data, source)
            notes += file_notes
            notes += [
                f"{label(data)}: '{name}' does not change with time, and is used where the file is given with --static, too"
                for name in map(str, data.data_vars)
                if is_repeated_map(data, name)
            ]
            for channel, value in found.items():
                parts.setdefault(channel, []).append(value)
    where = ", ".join(source.path[:3])
    missing = [channel for channel in source.variables if channel not in parts]
    if missing or not parts:
        wanted = source.variables[missing[0]] if missing else "a climate variable with time, latitude and longitude"
        raise wrong_variable(where, wanted, files, missing[0] if missing else "precipitation")
    fields = {}
    for channel in CLIMATE_UNITS:
        if channel in parts:
            chosen, left_out = _of_one_grid(parts[channel])
            notes += [f"{file}: {channel} is left out, an earlier file has it on another grid" for file in left_out]
            value, join_notes = join(chosen, channel)
            notes += join_notes
            fields[channel] = value.rename(channel).assign_attrs(units=CLIMATE_UNITS[channel])
    return Climate(fields, tuple(dict.fromkeys(notes)))


def _of_one_grid(parts: list[xr.DataArray]) -> tuple[list[xr.DataArray], list[str]]:
    """Parts on the first one's grid, and the files of the others: another product beside it, where its months are the same.

    Parts of other months stay, since they should continue the first one's record; `join` then says that they do not fit.
    """
    grid = grid_of(parts[0])
    same = [grid_of(part).is_close(grid) for part in parts]
    months = np.concatenate([part["time"].values for part, kept in zip(parts, same, strict=True) if kept])
    chosen, left_out = [], []
    for part, kept in zip(parts, same, strict=True):
        if kept or not np.isin(part["time"].values, months).any():
            chosen.append(part)
        else:
            left_out.append(str(part.attrs.get("source", "file")))
    return chosen, left_out


def _check_mapping(source: SourceConfig) -> None:
    unknown = [name for name in source.variables if name not in CLIMATE_UNITS]
    if unknown:
        raise BadInput(
            f"configuration, variables of {', '.join(source.path[:2])}",
            expected=f"names among {', '.join(CLIMATE_UNITS)}",
            found=f"'{unknown[0]}'",
            remedy="correct the name",
        )
