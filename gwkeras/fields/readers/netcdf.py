"""Any NetCDF file: channels by the configuration's mapping, else by names in common use or CF standard names."""

from __future__ import annotations

import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.fields.canonical import axes_of
from gwkeras.fields.readers.channel import in_canonical_unit
from gwkeras.fields.readers.variable import field, mapped, stated_unit, where_of

NAMES = {
    "precipitation": ("precipitation", "precip", "pr", "ppt", "prcp", "pre", "rain", "rainfall", "rainf", "tp", "prec"),
    "evapotranspiration": (
        "evapotranspiration",
        "aet",
        "et",
        "eta",
        "evap",
        "evaporation",
        "evspsbl",
        "actual_evapotranspiration",
    ),
    "soil_moisture": ("soil_moisture", "swvl1", "sm", "ssm", "theta", "soil_water"),
    "temperature": ("temperature", "t2m", "tas", "tmean", "temp", "tmp", "tavg", "tair", "air_temperature", "2m_temperature"),
    "surface_pressure": ("surface_pressure", "ps", "sp", "psurf", "pressure"),
    "snow_water_equivalent": ("snow_water_equivalent", "swe", "snw"),
    "runoff": ("runoff", "ro", "mrro", "q", "qtot"),
    "snowmelt": ("snowmelt", "smlt", "snm"),
}
_STANDARD_NAMES = {
    "precipitation": (
        "precipitation_flux",
        "precipitation_amount",
        "lwe_precipitation_rate",
        "lwe_thickness_of_precipitation_amount",
    ),
    "evapotranspiration": (
        "water_evapotranspiration_flux",
        "water_evaporation_flux",
        "water_evapotranspiration_amount",
        "lwe_water_evaporation_rate",
        "lwe_thickness_of_water_evaporation_amount",
    ),
    "soil_moisture": ("volume_fraction_of_condensed_water_in_soil", "volume_fraction_of_water_in_soil"),
    "temperature": ("air_temperature",),
    "surface_pressure": ("surface_air_pressure",),
    "snow_water_equivalent": ("surface_snow_amount", "lwe_thickness_of_surface_snow_amount"),
    "runoff": ("runoff_flux", "runoff_amount", "lwe_runoff_rate"),
    "snowmelt": ("surface_snow_melt_flux", "surface_snow_melt_amount"),
}


def read(data: xr.Dataset, source: SourceConfig) -> tuple[dict[str, xr.DataArray], list[str]]:
    """The climate channels of one file in canonical units, and notes.

    A mapping in the configuration names all that is read; without one, each channel needs exactly one variable that is
    called so.

    Raises: BadInput: two variables for one channel. UnknownUnits: no units, in the file or in the configuration.
    """
    found = {}
    for channel in CLIMATE_UNITS:
        name = mapped(data, source, channel) if source.variables else _by_name(data, channel)
        if name is None:
            continue
        value = field(data, name)
        if "time" in value.dims:
            found[channel] = in_canonical_unit(value, stated_unit(data, name, channel, source), channel, where_of(data, name))
    return found, []


def _by_name(data: xr.Dataset, channel: str) -> str | None:
    maps = [str(name) for name, v in data.data_vars.items() if {"lat", "lon", "time"} <= axes_of(v).keys()]
    if channel in maps:
        return channel
    for matches in (
        [name for name in maps if data[name].attrs.get("standard_name") in _STANDARD_NAMES[channel]],
        [name for name in maps if name.lower() in NAMES[channel]],
        [name for name in maps if str(data[name].attrs.get("long_name", "")).lower().replace(" ", "_") in NAMES[channel]],
    ):
        if len(matches) > 1:
            raise BadInput(
                where_of(data),
                expected=f"one variable for {channel}",
                found=" and ".join(matches),
                remedy=f"name the one meant in the configuration (variables: {{{channel}: name}})",
            )
        if matches:
            return matches[0]
    return None
