"""Static fields: every map of a file is one, under its own name; a land mask is `land`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.fields.canonical import axes_of, canonical
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.paths import expand
from gwkeras.fields.readers.variable import masked, where_of, wrong_variable

LAND_NAMES = ("land", "lsm", "land_mask", "landmask", "gldas_mask", "land_area_fraction", "land_fraction", "landfrac", "sftlf")
_INVARIANTS = ("cl", "cvh", "cvl", "dl", "anor", "isor", "lsm", "sdfor", "sdor", "slor", "slt", "tvh", "tvl", "z")
"""ECMWF's parameters that do not change with time (ERA5: data documentation, table 1); monthly files repeat them every month."""
_LAND_STANDARD_NAMES = ("land_area_fraction", "land_binary_mask")


def read_static(source: SourceConfig) -> dict[str, xr.DataArray]:
    """Every numeric map (lat, lon) of the source's files, float32, lazily, in the file's own units.

    Variables with a time axis of one step count as maps, and so do ECMWF's invariants (geopotential, land-sea mask …) where all
    months hold the same. A land mask or fraction comes as "land", in [0, 1].

    Raises: BadInput: file missing or damaged, or no map in it.
    """
    found: dict[str, xr.DataArray] = {}
    files = []
    for path in expand(source):
        for member in members(path):
            data = open_netcdf(member)
            files.append(data)
            for name in map(str, data.data_vars):
                steps = _steps(data[name])
                if steps == 1 or (steps > 1 and is_repeated_map(data, name)):
                    key = _key(data, name, member, source, found)
                    found[key] = _map(data, name, key, member)
    if not found:
        raise wrong_variable(
            ", ".join(source.path[:3]), "maps with latitude and longitude, without time", files, "map", "give a file with maps"
        )
    return found


def is_repeated_map(data: xr.Dataset, name: str) -> bool:
    """Whether a variable with time is one of ECMWF's invariants, and its first, middle and last steps hold the same.

    The same is up to one step of the packing, or a millionth of the largest value.
    """
    variable = data[name]
    dim = axes_of(variable).get("time")
    if name.lower() not in _INVARIANTS or dim is None or _steps(variable) != variable.sizes[dim]:
        return False
    last = variable.sizes[dim] - 1
    steps = masked(variable.isel({dim: sorted({0, last // 2, last})})).values
    slack = max(abs(float(variable.encoding.get("scale_factor", 0.0))), 1e-6 * float(np.nanmax(np.abs(steps), initial=0.0)))
    first = np.take(steps, [0], axis=variable.dims.index(dim))
    return bool(np.allclose(steps, first, rtol=0.0, atol=slack, equal_nan=True))


def _steps(variable: xr.DataArray) -> int:
    """How many maps (lat, lon) a variable holds; 0 where it holds none."""
    axes = axes_of(variable)
    if variable.dtype.kind not in "iufb" or not {"lat", "lon"} <= axes.keys():
        return 0
    return int(np.prod([variable.sizes[dim] for dim in variable.dims if dim not in (axes["lat"], axes["lon"])], dtype=int))


def _key(data: xr.Dataset, name: str, path: Path, source: SourceConfig, taken: dict[str, xr.DataArray]) -> str:
    renamed = {v: k for k, v in source.variables.items()}
    if name in renamed:
        return renamed[name]
    attributes = data[name].attrs
    if name.lower() in LAND_NAMES or attributes.get("standard_name") in _LAND_STANDARD_NAMES:
        return "land"
    if name.lower().startswith("band") and name[4:].isdigit():  # GDAL's name for anything
        name = path.stem if name[4:] == "1" else f"{path.stem}_{name[4:]}"
    return name if name not in taken else f"{name}_{path.stem}"


def _map(data: xr.Dataset, name: str, key: str, path: Path) -> xr.DataArray:
    variable = data[name]
    axes = axes_of(variable)
    variable = variable.isel({d: 0 for d in variable.dims if d not in (axes["lat"], axes["lon"])}, drop=True)
    value = canonical(masked(variable.rename(where_of(data, name))))
    attributes = {k: v for k, v in data[name].attrs.items() if k in ("units", "long_name", "standard_name")}
    if key == "land":
        percent = attributes.get("units") == "%" or float(value.max().compute()) > 1.5
        value = (value / np.float32(100.0) if percent else value).clip(0.0, 1.0)
        attributes["units"] = "1"
    return value.rename(key).drop_attrs().assign_attrs(attributes, source=path.name)
