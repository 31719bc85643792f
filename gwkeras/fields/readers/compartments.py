"""Water in soil, snow, canopy, surface and glaciers as columns, mm: what is taken from total storage to leave groundwater.

Soil water is the sum of a model's layers: as mass in GLDAS (README_GLDAS2), as volume fraction times thickness in ERA5 and
ERA5-Land (7, 21, 72 and 189 cm; ECMWF, "ERA5-Land: data documentation").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.units import STORAGE, conversion
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.paths import expand
from gwkeras.fields.readers.channel import linear
from gwkeras.fields.readers.variable import field, find, join, mapped, stated_unit, where_of, wrong_variable

COMPARTMENTS = ("soil", "snow", "canopy", "surface", "glacier")

_NOAH = ("soilmoi0_10cm", "soilmoi10_40cm", "soilmoi40_100cm", "soilmoi100_200cm")
_ERA5_LAYERS = {"swvl1": 70.0, "swvl2": 210.0, "swvl3": 720.0, "swvl4": 1890.0}  # mm
_WHOLE = {
    "soil": ("soilmoist_p_tavg", "soilmoist_p_inst", "rzsm", "soil_water", "sma", "soil_moisture_storage"),
    "snow": ("swe_inst", "swe_tavg", "sd", "swe", "snow_water_equivalent", "swea"),
    "canopy": ("canopint_inst", "canopint_tavg", "src", "canopy_water", "pcwa"),
    "surface": ("sws", "surface_water", "surface_water_storage"),
    "glacier": ("glacier", "glacier_storage"),
}


@dataclass(frozen=True)
class Compartment:
    """One compartment's record.

    Args:
        values: mm, (time, lat, lon), lazily.
        sigma: its standard error, mm; None where files state none.
        made_of: variables that were added.
        notes: what a reader should know.
    """

    values: xr.DataArray
    sigma: xr.DataArray | None
    made_of: tuple[str, ...]
    notes: tuple[str, ...]


def read_compartment(source: SourceConfig, name: str) -> Compartment:
    """A compartment's water.

    Args:
        source: its files; other compartments may lie in the same.
        name: one of `COMPARTMENTS`; a variable of another name is mapped to it by `variables`.
    Raises: BadInput: file missing or damaged, nothing of that compartment in it, a model whose layers are not all there.
    UnknownUnits: no unit of a depth, a mass or a fraction.
    """
    parts, sigmas, made_of, files = [], [], [], []
    for path in expand(source):
        for member in members(path):
            data = open_netcdf(member)
            files.append(data)
            found = _columns(data, source, name)
            if not found:
                continue
            made_of += [variable for variable, _ in found]
            total = _in_mm(data, found[0][0], found[0][1], name, source)
            for variable, thickness in found[1:]:
                total = total + _in_mm(data, variable, thickness, name, source)
            parts.append(total)
            error = find(data, (f"{found[0][0]}_uncertainty", "uncertainty", f"{found[0][0]}_sigma", f"{found[0][0]}_std"))
            if len(found) == 1 and error is not None and data[error].dims == data[found[0][0]].dims:
                sigmas.append(abs(_in_mm(data, error, None, name, source)))
    if not parts:
        raise wrong_variable(
            ", ".join(source.path[:3]), f"water in the compartment '{name}'", files, name, f"name it with --name {name}=VARIABLE"
        )
    where = where_of(files[0])
    values, notes = join(parts, where)
    sigma = join(sigmas, where)[0] if len(sigmas) == len(parts) else None
    return Compartment(values.rename(name), sigma, tuple(dict.fromkeys(made_of)), tuple(notes))


def _columns(data: xr.Dataset, source: SourceConfig, name: str) -> list[tuple[str, float | None]]:
    """The variables to add, each with the thickness of its layer, mm; None where it is a column already."""
    chosen = mapped(data, source, name)
    if chosen is not None or name in source.variables:
        return [(chosen, None)] if chosen is not None else []
    if name == "soil":
        for ending in ("_inst", "_tavg"):
            layers = [find(data, (f"{layer}{ending}",)) for layer in _NOAH]
            if any(layers):
                return [(layer, None) for layer in _all(layers, _NOAH, data)]
        era5 = [find(data, (layer,)) for layer in _ERA5_LAYERS]
        if any(era5):
            return list(zip(_all(era5, tuple(_ERA5_LAYERS), data), _ERA5_LAYERS.values(), strict=True))
    whole = find(data, _WHOLE[name])
    return [] if whole is None else [(whole, None)]


def _all(found: list[str | None], wanted: tuple[str, ...], data: xr.Dataset) -> list[str]:
    missing = [layer for layer, there in zip(wanted, found, strict=True) if there is None]
    if missing:
        raise BadInput(
            where_of(data),
            expected=f"all {len(wanted)} layers of soil water",
            found=f"no {', '.join(missing)}",
            remedy="give files with all layers: half a column is no storage",
        )
    return [there for there in found if there is not None]


def _in_mm(data: xr.Dataset, variable: str, thickness: float | None, name: str, source: SourceConfig) -> xr.DataArray:
    unit, where = stated_unit(data, variable, name, source), where_of(data, variable)
    value = field(data, variable)
    if thickness is not None:
        scale, _ = conversion(unit, "m3 m-3", where)
        return value * np.float32(scale * thickness)
    scale, offset = conversion(unit, STORAGE, where)
    return linear(value, scale, offset)
