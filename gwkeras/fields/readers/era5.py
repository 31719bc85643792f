"""ERA5-Land and ERA5 monthly means, legacy and new layout.

Accumulations of monthly means are metres *per day* although their unit says 'm'; fluxes are positive downward, so that
evaporation is negative (ECMWF, "ERA5: data documentation", table of monthly means). Monthly means by hour of day become plain
monthly means first.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.core.units import MONTHLY_TOTAL, conversion, is_rate
from gwkeras.fields.canonical import axes_of
from gwkeras.fields.readers.channel import in_canonical_unit, of_days
from gwkeras.fields.readers.hours_of_day import as_monthly_mean, hours_of_day
from gwkeras.fields.readers.stamps import months_of
from gwkeras.fields.readers.variable import field, find, label, mapped, stated_unit, time_coordinate, where_of

NAMES = {
    "precipitation": ("tp", "avg_tprate", "mtpr"),
    "evapotranspiration": ("e", "avg_ie", "mer"),
    "soil_moisture": ("swvl1",),
    "temperature": ("t2m", "2t"),
    "surface_pressure": ("sp",),
    "snow_water_equivalent": ("sd",),
    "runoff": ("ro", "avg_rorwe", "mror", "sro"),
    "snowmelt": ("smlt", "avg_smr", "msmr"),
}
_MOST_STEPS_A_MONTH = 2


def read(data: xr.Dataset, source: SourceConfig) -> tuple[dict[str, xr.DataArray], list[str]]:
    """The climate channels of one file in canonical units, and notes.

    Raises: BadInput: hourly or daily data in place of monthly means, too few hours of day. UnknownUnits.
    """
    found, notes = {}, _preliminary(data)
    for channel, candidates in NAMES.items():
        name = mapped(data, source, channel) if source.variables else find(data, candidates)
        if name is None or not {"lat", "lon"} <= axes_of(data[name]).keys():
            continue
        where, unit = where_of(data, name), stated_unit(data, name, channel, source)
        total = CLIMATE_UNITS[channel] == MONTHLY_TOTAL and unit is not None and not is_rate(unit)
        steps, a_day, hours = data, 1.0, hours_of_day(data, name)
        if hours is not None:
            steps, a_day, said = as_monthly_mean(data, name, hours, accumulated=total)
            notes += said
        value = field(steps, name)
        if "time" not in value.dims:
            continue
        if hours is None:
            _check_monthly(data, name, value)
        if total and unit is not None and (hours is not None or _is_per_day(unit, data[name], channel in source.units)):
            value = of_days(value, conversion(unit, "mm", where)[0] * a_day)
        else:
            value = in_canonical_unit(value, unit, channel, where)
        if channel == "evapotranspiration":
            value, note = _upward(value, label(data))
            notes += note
        if name.lower() == "sro":
            notes.append(f"{label(data)}: surface runoff is used as runoff")
        found[channel] = value
    return found, notes


def _is_per_day(unit: str, variable: xr.DataArray, stated: bool) -> bool:
    """A depth in metres, or any depth straight from GRIB; a unit from the configuration is taken at its word."""
    if stated or is_rate(unit) or "mon" in unit.lower():
        return False
    return unit.split()[0] == "m" or "GRIB_stepType" in variable.attrs


def _upward(value: xr.DataArray, file: str) -> tuple[xr.DataArray, list[str]]:
    """Evaporation as a loss of the ground, positive. The sign is looked up in the middle month: converted files differ."""
    if float(value.isel(time=value.sizes["time"] // 2).mean().compute()) > 0:
        return value, [f"{file}: evaporation is positive, against the convention of ECMWF; used without a change of sign"]
    return -value, []


def _check_monthly(data: xr.Dataset, name: str, value: xr.DataArray) -> None:
    dim = axes_of(data[name]).get("time")
    steps = 1 if dim is None else data.sizes[dim]
    if steps > _MOST_STEPS_A_MONTH * value.sizes["time"]:
        raise BadInput(
            where_of(data, name),
            expected="monthly means",
            found=f"{steps} steps in {value.sizes['time']} months",
            remedy="download the product 'monthly averaged reanalysis', or average the file by month",
        )


def _preliminary(data: xr.Dataset) -> list[str]:
    if "expver" not in data.variables:
        return []
    versions = np.atleast_1d(data["expver"].values).astype(str)
    preliminary = np.char.lstrip(versions, "0") == "5"
    if not preliminary.any():
        return []
    time = None if data["expver"].ndim != 1 else time_coordinate(data, str(data["expver"].dims[0]))
    if time is None or "expver" in data.dims:
        return [f"{label(data)}: holds preliminary months (expver 5, ERA5T)"]
    months = months_of(data, time)
    count, of_all = np.unique(months[preliminary]).size, np.unique(months).size
    return [f"{label(data)}: {count} of {of_all} months are preliminary (expver 5, ERA5T)"]
