"""What a NetCDF record holds, as the readers understand it; lazily, but for one month's values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gwkeras.core.box import Edges
from gwkeras.core.config.tree import Config, PointSpreadConfig, SourceConfig
from gwkeras.core.errors import BadInput, UnknownVariable
from gwkeras.core.finding import Finding
from gwkeras.fields.canonical import axes_of, grid_of
from gwkeras.fields.files.archive import is_zip, members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.openable import require_openable
from gwkeras.fields.files.paths import expand
from gwkeras.fields.files.recognise import Recognition, recognise_dataset
from gwkeras.fields.fitness import climate_misfits, static_misfits, storage_misfits
from gwkeras.fields.readers import read_static, read_storage
from gwkeras.fields.readers.climate import read_channels
from gwkeras.fields.region import cut_to

_NAMES = {
    "g3p": "G3P or other groundwater storage",
    "grace": "total water storage, as of GRACE",
    "era5": "ERA5 or ERA5-Land",
    "gldas": "GLDAS",
    "netcdf": "no product that is known",
}
_MOST_NAMED = 6  # variables, where none is known
# What xarray and the C libraries raise over altered bytes; values are read here that `open_netcdf` leaves alone.
_DAMAGE = (OSError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError)


@dataclass
class _Group:
    """Files of one kind on one grid; `members` are what is read: the files themselves, or those of them inside ZIP archives."""

    recognition: Recognition
    layout: dict[str, str]
    files: list[Path] = field(default_factory=list)
    members: list[Path] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


def inspect_netcdf(path: str, config: Config | None = None, edges: Edges = Edges()) -> list[Finding]:
    """One finding for each kind and grid behind a file, folder, glob or ZIP; and one for each file that cannot be read.

    Args:
        path: of the file, folder, glob or ZIP.
        config: which the record is to fit; None: that is not asked.
        edges: of a box to look at, checked; by default all cells.

    Raises: BadInput: nothing is there.
    """
    groups: dict[tuple[str, ...], _Group] = {}
    broken: list[Finding] = []
    files = expand(SourceConfig(path=(path,)))
    with suppress(BadInput):  # which comes again, for its own file
        require_openable(file for file in files if not is_zip(file))
    for file in files:
        try:
            for member in members(file):
                with open_netcdf(member) as data:
                    recognition = recognise_dataset(data)
                    layout = _layout(data)
                    group = groups.setdefault((recognition.kind, *layout.values()), _Group(recognition, layout))
                    _describe(data, group)
                group.members.append(member)
                if file not in group.files:
                    group.files.append(file)
        except _DAMAGE as error:
            broken.append(Finding(str(file), "a file that cannot be read", faults=(_sentence(file, error),)))
        except BadInput as error:
            broken.append(Finding(str(file), "a file that cannot be read", faults=(str(error),)))
    return [_finding(path, group, config, edges) for group in groups.values()] + broken


def _finding(path: str, group: _Group, config: Config | None, edges: Edges) -> Finding:
    kind = group.recognition.kind
    facts: dict[str, Any] = {"recognised as": f"{_NAMES[kind]} ({kind}), by {'; '.join(group.recognition.reasons)}"}
    zipped = sum(is_zip(f) for f in group.files)
    facts["files"] = f"{len(group.files)}{f', {zipped} of them ZIP archives' if zipped else ''}, {_mib(group.files)}"
    facts["variables"] = group.variables
    facts |= group.layout
    notes: list[str] = []
    faults: list[str] = []
    reasons: list[str] = []
    roles: list[str] = []
    sources = [] if config is None else [config.data.gwsa, *config.data.climate, *config.data.static]

    for role, read in (("storage", _storage), ("climate", _climate), ("maps", _static)):
        if role == "storage" and kind == "era5":
            continue
        try:
            found, said, misfits = read(_source(group, role, config, sources), config, edges)
        except UnknownVariable:
            continue  # it is a record of another role
        except BadInput as error:
            faults.append(str(error))
            continue
        except _DAMAGE as error:
            faults.append(_sentence(path, error))
            continue
        roles.append(role)
        facts[role] = found
        notes += said
        reasons += misfits
    if not roles and not faults:
        faults.append(_nothing(path, group))
    what = " and ".join(roles) if roles else "NetCDF without a field that can be used"
    fits = None if config is None else bool(roles) and not reasons and not faults
    return Finding(
        path, what, facts, tuple(dict.fromkeys(notes)), tuple(dict.fromkeys(faults)), fits, tuple(dict.fromkeys(reasons))
    )


def _source(group: _Group, role: str, config: Config | None, sources: Sequence[SourceConfig]) -> SourceConfig:
    """The group's members under the names and units that the configuration gives the files."""
    named = tuple(map(str, group.members))
    if config is not None:
        absolute = {str(f.absolute()) for f in group.files}
        for source in sources:
            try:
                if absolute & {str(f.absolute()) for f in expand(source)}:
                    return replace(source, path=named)
            except BadInput:
                continue  # the configuration's own files are another matter
        if role == "storage":
            return replace(config.data.gwsa, path=named, kind="auto")
    return SourceConfig(path=named)


def _storage(source: SourceConfig, config: Config | None, edges: Edges) -> tuple[dict[str, Any], list[str], list[str]]:
    record = read_storage(source, PointSpreadConfig() if config is None else config.data.point_spread)
    inside, said = cut_to(record.gwsa, edges)
    facts = {
        **_facts(inside),
        "uncertainty": "yes" if record.uncertainty is not None else "none",
        "point spread": record.point_spread.describe() if record.spread_is_known else "not stated",
    }
    return facts, [*record.notes, *said], [] if config is None else storage_misfits(record.gwsa, config)


def _climate(source: SourceConfig, config: Config | None, edges: Edges) -> tuple[dict[str, Any], list[str], list[str]]:
    record = read_channels(source)
    cut = {channel: cut_to(value, edges) for channel, value in record.fields.items()}
    facts = {channel: _facts(inside) for channel, (inside, _) in cut.items()}
    notes = [*record.notes, *(note for _, said in cut.values() for note in said)]
    return facts, notes, [] if config is None else climate_misfits(record.fields, config)


def _static(source: SourceConfig, config: Config | None, edges: Edges) -> tuple[dict[str, Any], list[str], list[str]]:
    maps = read_static(source)
    cut = {name: cut_to(value, edges) for name, value in maps.items()}
    facts = {
        name: {"unit": str(inside.attrs.get("units", "none stated")), "grid": grid_of(inside).describe()}
        for name, (inside, _) in cut.items()
    }
    return facts, [note for _, said in cut.values() for note in said], [] if config is None else static_misfits(maps, config)


def _facts(value: xr.DataArray) -> dict[str, Any]:
    """Of a canonical record."""
    months = value["time"].values.astype("datetime64[M]")
    absent = np.setdiff1d(np.arange(months[0], months[-1] + 1), months)
    facts = {
        "unit": f"{value.attrs.get('units', '')}, as read",
        "period": f"{months[0]} to {months[-1]}, {months.size} months",
        "gaps": _spans(absent) if absent.size else "none",
        "grid": grid_of(value).describe() + (", around the globe" if grid_of(value).is_periodic else ""),
    }
    middle = value.isel(time=months.size // 2).values
    finite = middle[np.isfinite(middle)]
    share = f"{100 * finite.size / max(middle.size, 1):.0f} % of the cells"
    seen = f"{finite.min():.4g} to {finite.max():.4g} in {share}" if finite.size else "none"
    return {**facts, f"values in {months[months.size // 2]}": seen}


def _spans(months: np.ndarray) -> str:
    starts = np.flatnonzero(np.r_[True, np.diff(months).astype(int) > 1])
    ends = np.r_[starts[1:] - 1, months.size - 1]
    spans = [str(months[a]) if a == b else f"{months[a]} to {months[b]}" for a, b in zip(starts, ends, strict=True)]
    return f"{months.size} months absent: " + ", ".join(spans)


def _describe(data: xr.Dataset, group: _Group) -> None:
    for name, variable in data.data_vars.items():
        dims = " × ".join(f"{dim} {size}" for dim, size in variable.sizes.items()) or "a single value"
        unit = str(variable.attrs.get("units", "")).strip() or "no unit"
        group.variables.setdefault(str(name), f"{dims}; {unit}; {variable.attrs.get('long_name', 'no long name')}")


def _layout(data: xr.Dataset) -> dict[str, str]:
    """First and last latitude and longitude, as they stand in the file."""
    layout: dict[str, str] = {}
    for variable in data.data_vars.values():
        axes = axes_of(variable)
        for axis, name in (("lat", "latitudes"), ("lon", "longitudes")):
            dim = axes.get(axis)
            if dim is None or dim not in data.coords or data[dim].dtype.kind not in "iuf" or data[dim].size == 0:
                continue
            values = np.asarray(data[dim].values, dtype=float)
            layout.setdefault(name, f"{values.size} from {values[0]:g} to {values[-1]:g}, as stored")
    return layout


def _sentence(where: object, error: Exception) -> str:
    found = f"'{type(error).__name__}: {' '.join(str(error).split())[:160]}'"
    return str(BadInput(where, expected="a file that can be read to its end", found=found, remedy="download it again"))


def _nothing(path: str, group: _Group) -> str:
    found = ", ".join(list(group.variables)[:_MOST_NAMED]) or "no variables"
    return str(
        BadInput(
            path,
            expected="a variable with latitude and longitude that is known by name or by attributes",
            found=found,
            remedy="name it in the configuration (variables: {precipitation: name}); docs/data.md says what is recognised",
        )
    )


def _mib(files: Sequence[Path]) -> str:
    return f"{sum(f.stat().st_size for f in files) / 2**20:.1f} MiB"
