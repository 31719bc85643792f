"""GLDAS land models (Noah, CLSM) as GES DISC delivers them, monthly or three-hourly.

`_tavg` are mean rates, `_inst` states, `_acc` accumulations over three hours (README_GLDAS2); a kilogram per square metre is
a millimetre, and a layer's soil water by its thickness gives the volume fraction.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.units import conversion, is_rate
from gwkeras.fields.canonical import axes_of
from gwkeras.fields.readers.channel import in_canonical_unit, of_days
from gwkeras.fields.readers.variable import field, find, label, mapped, stated_unit, where_of

NAMES = {
    "precipitation": ("rainf_f_tavg",),
    "evapotranspiration": ("evap_tavg",),
    "soil_moisture": ("soilmoi0_10cm_inst", "soilmoist_s_tavg", "soilmoist_s_inst"),
    "temperature": ("tair_f_inst", "tair_f_tavg"),
    "surface_pressure": ("psurf_f_inst", "psurf_f_tavg"),
    "snow_water_equivalent": ("swe_inst", "swe_tavg"),
    "runoff": ("qs_acc", "qs_tavg"),
    "snowmelt": ("qsm_acc", "qsm_tavg"),
}
_ADDED = {"qs_acc": "qsb_acc", "qs_tavg": "qsb_tavg"}  # runoff = surface + subsurface
_LAYER_MM = {"soilmoi0_10cm_inst": 100.0, "soilmoist_s_tavg": 20.0, "soilmoist_s_inst": 20.0}
_STEPS_A_DAY = 8


def read(data: xr.Dataset, source: SourceConfig) -> tuple[dict[str, xr.DataArray], list[str]]:
    """The climate channels of one file in canonical units, and notes. Raises: UnknownUnits."""
    found: dict[str, xr.DataArray] = {}
    notes: list[str] = []
    if _step_minutes(data) < 24 * 60:
        notes.append(f"{label(data)}: a step of {_step_minutes(data) / 60:g} hours is used for its month")
    for channel, candidates in NAMES.items():
        name = mapped(data, source, channel) if source.variables else find(data, candidates)
        if name is None or not {"lat", "lon"} <= axes_of(data[name]).keys():
            continue
        value = _in_canonical_unit(data, name, channel, source)
        second = find(data, (_ADDED.get(name.lower(), ""),))
        if second is not None:
            value = value + _in_canonical_unit(data, second, channel, source)
        found[channel] = value
    return found, notes


def _in_canonical_unit(data: xr.Dataset, name: str, channel: str, source: SourceConfig) -> xr.DataArray:
    unit, where, low = stated_unit(data, name, channel, source), where_of(data, name), name.lower()
    value = field(data, name)
    if low in _LAYER_MM and unit is not None and not is_rate(unit):
        return value * np.float32(conversion(unit, "mm", where)[0] / _LAYER_MM[low])
    if low.endswith("_acc") and unit is not None and not is_rate(unit):
        return of_days(value, conversion(unit, "mm", where)[0] * _STEPS_A_DAY)
    return in_canonical_unit(value, unit, channel, where)


def _step_minutes(data: xr.Dataset) -> float:
    """The file's `time_increment`, minutes, where it is a number (three-hourly: 180); monthly files say otherwise."""
    increment = str(data["time"].attrs.get("time_increment", "")) if "time" in data.variables else ""
    return float(increment) if increment.isdigit() and "minutes" in str(data["time"].attrs.get("units", "")) else np.inf
