"""One variable of an opened file as a canonical field, still in the file's units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput, GridMismatch, UnknownVariable
from gwkeras.fields.canonical import axes_of, axis_of, canonical, grid_of, one_step_a_month
from gwkeras.fields.files.netcdf_file import variables_found
from gwkeras.fields.readers.stamps import months_of

SENTINELS = (-9999.0, -99999.0)  # written as plain numbers where the file forgot the attribute
_ABSURD = 1e15  # beyond any quantity here: the default fill 9.97e36, 1e20, GRIB's 3.4e38


def where_of(data: xr.Dataset, name: object = None) -> str:
    """'file.nc, variable x' for messages."""
    file = data.encoding.get("source", "file")
    return str(file) if name is None else f"{file}, variable {name}"


def label(data: xr.Dataset) -> str:
    """The file's name without its folder, for notes."""
    return Path(str(data.encoding.get("source", "file"))).name


def field(data: xr.Dataset, name: str) -> xr.DataArray:
    """Variable `name` as a canonical field (time, lat, lon) or (lat, lon), masked, float32, lazily; see `canonical`."""
    variable = _one_version(data[name])
    axes = axes_of(variable)
    if "time" not in axes:
        scalar = next((str(c) for c in variable.coords if variable[c].ndim == 0 and axis_of(str(c), data) == "time"), None)
        if scalar is not None:
            variable, axes = variable.expand_dims(scalar), {**axes, "time": scalar}
    if "time" in axes:
        dim = axes["time"]
        coordinate = time_coordinate(data, dim)
        if coordinate is None:
            raise BadInput(
                where_of(data, name),
                expected="time stamps",
                found=f"a dimension {dim} without values",
                remedy="add the coordinate",
            )
        variable = variable.drop_vars([c for c in variable.coords if dim in variable[c].dims])
        variable = variable.assign_coords({dim: (dim, months_of(data, coordinate))})
    variable = variable.rename(where_of(data, name))
    attributes = {"source": label(data), "source_variable": name, "long_name": str(data[name].attrs.get("long_name", name))}
    value = canonical(masked(variable))
    value.attrs = attributes
    return value


def time_coordinate(data: xr.Dataset, dim: str) -> str | None:
    """The coordinate along the time dimension `dim`, whatever its name; None where there is none."""
    return dim if dim in data.coords else next((str(c) for c in data.coords if data[c].dims == (dim,)), None)


def masked(data: xr.DataArray) -> xr.DataArray:
    """The field in float32, with NaN for sentinels and absurd numbers that no attribute announced."""
    values = data.variable._data
    if isinstance(values, da.Array):  # one layer of the graph: records of hundreds of files have hundreds of them
        return data.copy(data=values.map_blocks(_masked, dtype=np.float32, meta=np.empty((0,) * data.ndim, np.float32)))
    return data.copy(data=_masked(data.values))


def _masked(values: np.ndarray) -> np.ndarray:
    if values.size and np.fmin.reduce(values, None) > max(SENTINELS) and np.fmax.reduce(values, None) < _ABSURD:
        return values.astype(np.float32, copy=False)  # as most are
    values = values.astype(np.float32)
    with np.errstate(invalid="ignore"):
        absurd = ~(np.abs(values) < _ABSURD)
    for sentinel in SENTINELS:
        absurd |= values == np.float32(sentinel)
    values[absurd] = np.nan
    return values


def stated_unit(data: xr.Dataset, name: str, canonical_name: str, source: SourceConfig) -> str | None:
    """The configuration's unit, else the file's; None where neither states one."""
    unit = source.units.get(canonical_name, data[name].attrs.get("units"))
    return None if unit is None or str(unit).strip().lower() in ("", "unknown", "none", "~") else str(unit)


def mapped(data: xr.Dataset, source: SourceConfig, canonical_name: str) -> str | None:
    """The file's variable that the configuration names for `canonical_name`, by exact name, else whatever its case."""
    wanted = source.variables.get(canonical_name)
    if wanted is None:
        return None
    return wanted if wanted in data.data_vars else find(data, (wanted,))


def find(data: xr.Dataset, candidates: Sequence[str]) -> str | None:
    """The first of `candidates` (lower case) that the file has, whatever its case."""
    names = {str(name).lower(): str(name) for name in data.data_vars}
    return next((names[c.lower()] for c in candidates if c.lower() in names), None)


def wrong_variable(where: object, expected: str, files: Sequence[xr.Dataset], key: str, remedy: str = "") -> UnknownVariable:
    """The error for a source without the variable wanted; lists what there is.

    Args:
        where: the files.
        expected: what is wanted.
        files: opened.
        key: canonical name of the variable.
        remedy: how to name it; by default in a configuration.
    """
    found = "; ".join(dict.fromkeys(variables_found(data) for data in files[:3]))
    return UnknownVariable(
        where,
        expected=expected,
        found=found,
        remedy=remedy or f"name the variable in the configuration ({_key(key)}), or with --variable where a command has it",
    )


def _key(name: str) -> str:
    """How a configuration is told the variable of a quantity."""
    if name == "gwsa":
        return "such as --set data.gwsa.variables='{gwsa: NAME}'"
    return f"such as --set 'data.climate=[{{variables: {{{name}: NAME}}}}]'"


def join(parts: Sequence[xr.DataArray], where: object) -> tuple[xr.DataArray, list[str]]:
    """Parts of one record, from several files, one after another in time; months in several of them are averaged.

    Raises: GridMismatch: where their grids differ.
    """
    if len(parts) == 1:
        return parts[0], []
    first, notes = parts[0], []
    grid = grid_of(first)
    for part in parts[1:]:
        if not grid_of(part).is_close(grid):
            raise GridMismatch(
                part.name or where,
                expected=f"the grid of the other files, {grid.describe()}",
                found=grid_of(part).describe(),
                remedy="give files of different grids as separate sources",
            )
    aligned = [part.assign_coords(lat=first["lat"], lon=first["lon"]) for part in parts]
    record = xr.concat(aligned, dim="time", coords="minimal", compat="override", combine_attrs="override")
    months = np.unique(record["time"].values)
    if months.size < record.sizes["time"]:
        repeated = record.sizes["time"] - months.size
        notes.append(f"{where}, {first.attrs.get('source', 'file')} …: {repeated} months are in several files and are averaged")
    return one_step_a_month(record), notes


def _one_version(variable: xr.DataArray) -> xr.DataArray:
    """ERA5 where final (expver 1) and preliminary (5) months share a file: final where it exists."""
    if "expver" not in variable.dims:
        return variable
    if "expver" in variable.coords:
        variable = variable.isel(expver=np.argsort(variable["expver"].values.astype(str), kind="stable"))
    merged = variable.isel(expver=0, drop=True)
    for index in range(1, variable.sizes["expver"]):
        merged = merged.fillna(variable.isel(expver=index, drop=True))
    return merged
