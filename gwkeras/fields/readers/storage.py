"""Storage records: G3P groundwater, GRACE total storage, land models', any NetCDF; all in mm of water."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from gwkeras.core.config.tree import PointSpreadConfig, SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.units import STORAGE, conversion
from gwkeras.fields.canonical import axes_of
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.paths import expand
from gwkeras.fields.files.recognise import GROUNDWATER_NAMES, TOTAL_STORAGE_NAMES
from gwkeras.fields.readers.channel import linear
from gwkeras.fields.readers.point_spread import product_point_spread
from gwkeras.fields.readers.variable import field, find, join, label, mapped, stated_unit, where_of, wrong_variable
from gwkeras.observation.point_spread import PointSpread

_LAND_MODEL_NAMES = ("gws_tavg", "gws_inst", "tws_tavg", "tws_inst")  # absolute storages: made anomalies
_NAMES_BY_KIND = {
    "auto": (*GROUNDWATER_NAMES, *TOTAL_STORAGE_NAMES, *_LAND_MODEL_NAMES),
    "g3p": GROUNDWATER_NAMES,
    "grace": TOTAL_STORAGE_NAMES,
    "gldas": _LAND_MODEL_NAMES,
    "netcdf": (*GROUNDWATER_NAMES, *TOTAL_STORAGE_NAMES),
    "era5": (),
}


@dataclass(frozen=True)
class Storage:
    """A storage record.

    Args:
        gwsa: mm, (time, lat, lon), lazily.
        uncertainty: standard error, mm, same shape; None where the files have none.
        notes: what a reader of the results should know, in sentences.
        notes_on_values: those of them that do not concern downscaling alone.
        point_spread: the product's filter.
        spread_is_known: whether files or configuration settle that.
        spread_by_files: whether it is what the files state.
        spread_maybe_full_width: whether they do not say if their number is a radius or a full width.
    """

    gwsa: xr.DataArray
    uncertainty: xr.DataArray | None
    notes: tuple[str, ...] = ()
    notes_on_values: tuple[str, ...] = ()
    point_spread: PointSpread = PointSpread()
    spread_is_known: bool = True
    spread_by_files: bool = False
    spread_maybe_full_width: bool = False


def read_storage(source: SourceConfig, point_spread: PointSpreadConfig = PointSpreadConfig()) -> Storage:
    """The storage anomaly of a source, with its uncertainty where the files have one.

    Groundwater storage goes before total storage where a source holds both; months with several solutions are
    averaged, months without one stay absent.

    Args:
        source: its files.
        point_spread: what the configuration says of it; by default what the files say holds.
    Raises: BadInput: file missing or damaged, no storage variable. UnknownUnits: no units, or other than a depth.
        UnclearPointSpread: the files contradict one another on their filter.
    """
    files = [open_netcdf(member) for path in expand(source) for member in members(path)]
    chosen = _choose(files, source)
    stated = product_point_spread(chosen, point_spread)
    notes: list[str] = []
    parts, sigmas = [], []
    for data, name in chosen:
        value, part_notes = _in_mm(data, name, source)
        parts.append(value)
        notes += part_notes
        sigma = _sigma_name(data, name, source)
        if sigma is not None:
            sigmas.append(_sigma(data, sigma, name, source))
    where = where_of(chosen[0][0])
    gwsa, join_notes = join(parts, where)
    notes += join_notes
    uncertainty = join(sigmas, where)[0] if len(sigmas) == len(parts) else None
    name = chosen[0][1]
    if name.lower() in _LAND_MODEL_NAMES:
        gwsa = gwsa - gwsa.mean("time").compute()
        notes.append(f"{label(chosen[0][0])}: '{name}' is an absolute storage; the mean of the record was subtracted")
    on_values = tuple(dict.fromkeys(notes))
    if name.lower() in TOTAL_STORAGE_NAMES:
        notes.append(
            f"{label(chosen[0][0])}: '{name}' is total water storage, downscaled as it stands, soil water and snow included"
        )
    gwsa = gwsa.rename("gwsa").assign_attrs(units=STORAGE, long_name="groundwater storage anomaly")
    if uncertainty is not None:
        uncertainty = abs(uncertainty).rename("uncertainty").assign_attrs(units=STORAGE, long_name="standard error of gwsa")
    notes.append(stated.said)
    known = stated.spread, stated.is_known, stated.by_files, stated.maybe_full_width
    return Storage(gwsa, uncertainty, tuple(dict.fromkeys(notes)), on_values, *known)


def read_fine(source: SourceConfig) -> xr.DataArray:
    """A fine storage field (a reference to learn from, or a truth), mm, (time, lat, lon), lazily; raises as `read_storage`."""
    return read_storage(source, PointSpreadConfig(kind="none")).gwsa


def _choose(files: list[xr.Dataset], source: SourceConfig) -> list[tuple[xr.Dataset, str]]:
    """The files that hold the storage variable, with its name there; the best name wins over the whole source."""
    if "gwsa" in source.variables:
        chosen = [(data, name) for data in files if (name := mapped(data, source, "gwsa")) is not None]
    else:
        chosen = []
        for candidate in _NAMES_BY_KIND[source.kind]:
            chosen = [(data, name) for data in files if (name := find(data, (candidate,))) is not None and _has_time(data, name)]
            if chosen:
                break
        if not chosen and source.kind in ("auto", "netcdf"):
            chosen = [(data, name) for data in files if (name := _only_storage(data)) is not None]
    if not chosen:
        wanted = source.variables.get("gwsa", "gwsa, lwe_thickness or twsa")
        raise wrong_variable(
            ", ".join(source.path[:3]), f"a storage variable ({wanted}) with time, latitude and longitude", files, "gwsa"
        )
    return chosen


def _has_time(data: xr.Dataset, name: str) -> bool:
    axes = axes_of(data[name])
    scalar_time = any(c in data[name].coords and data[name][c].ndim == 0 for c in ("time", "valid_time"))
    return {"lat", "lon"} <= axes.keys() and ("time" in axes or scalar_time)


def _only_storage(data: xr.Dataset) -> str | None:
    """The one variable whose description speaks of storage or water equivalent."""
    described = [
        str(name)
        for name, v in data.data_vars.items()
        if _has_time(data, str(name))
        and any(
            word in f"{v.attrs.get('long_name', '')} {v.attrs.get('standard_name', '')}".lower().replace("_", " ")
            for word in ("groundwater storage", "water storage", "water equivalent thickness", "equivalent water")
        )
        and not any(word in str(name).lower() for word in ("uncert", "std", "sigma", "error"))
    ]
    return described[0] if len(described) == 1 else None


def _in_mm(data: xr.Dataset, name: str, source: SourceConfig) -> tuple[xr.DataArray, list[str]]:
    unit = stated_unit(data, name, "gwsa", source)
    scale, offset = conversion(unit, STORAGE, where_of(data, name), "gwsa")
    value = field(data, name)
    if "time" not in value.dims:
        raise BadInput(
            where_of(data, name), expected="a storage variable with time", found="a single map", remedy="name another variable"
        )
    steps = _steps(data, name)
    notes = []
    if steps > value.sizes["time"]:
        notes.append(f"{label(data)}: {steps} solutions in {value.sizes['time']} months; solutions of one month are averaged")
    return linear(value, scale, offset), notes


def _steps(data: xr.Dataset, name: str) -> int:
    dim = axes_of(data[name]).get("time")
    return 1 if dim is None else data.sizes[dim]


def _sigma_name(data: xr.Dataset, name: str, source: SourceConfig) -> str | None:
    if "uncertainty" in source.variables:
        return mapped(data, source, "uncertainty")
    low = name.lower()
    known = (
        "uncertainty",
        f"{low}_uncertainty",
        f"uncertainty_{low}",
        f"{low}_sigma",
        f"{low}_std",
        f"std_{low}",
        f"{low}_error",
        "std",
        "sigma",
    )
    found = find(data, known)
    return found if found is not None and data[found].dims == data[name].dims else None


def _sigma(data: xr.Dataset, sigma: str, name: str, source: SourceConfig) -> xr.DataArray:
    unit = source.units.get("uncertainty") or data[sigma].attrs.get("units") or stated_unit(data, name, "gwsa", source)
    scale, _ = conversion(unit, STORAGE, where_of(data, sigma), "gwsa")
    return linear(field(data, sigma), scale, 0.0)
