"""Which kind of record a file is, by what stands in it and never by its name."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

GROUNDWATER_NAMES = ("gwsa", "gws_anomaly", "groundwater_storage_anomaly", "groundwater_storage", "gws", "gw")
TOTAL_STORAGE_NAMES = ("lwe_thickness", "twsa", "tws_anomaly", "jpl_ewh_downscaled", "ewh", "tws", "lwe")
_ERA5_LONG_NAMES = {
    "tp": "total precipitation",
    "t2m": "2 metre temperature",
    "swvl1": "volumetric soil water layer 1",
    "sp": "surface pressure",
    "e": "evaporation",
    "ro": "runoff",
    "sro": "surface runoff",
    "smlt": "snowmelt",
    "sd": "snow depth",
    "pev": "potential evaporation",
    "lsm": "land-sea mask",
}
_GLDAS_ENDINGS = ("_inst", "_tavg", "_acc")


@dataclass(frozen=True)
class Recognition:
    """`kind` as in `SourceConfig.kind`, and why, in phrases for the reader of `gwkeras inspect`."""

    kind: str
    reasons: tuple[str, ...]


def recognise_dataset(data: xr.Dataset) -> Recognition:
    """The kind of one opened file; `netcdf` where it is none of the known products."""
    names = {str(name).lower(): str(name) for name in data.data_vars}
    title = " ".join(
        str(data.attrs.get(key, "")) for key in ("title", "institution", "source", "history", "comment", "Conventions")
    ).lower()
    for check in (_gldas, _era5, _g3p, _grace):
        recognition = check(data, names, title)
        if recognition is not None:
            return recognition
    return Recognition("netcdf", ("no names of a known product",))


def _gldas(data: xr.Dataset, names: dict[str, str], title: str) -> Recognition | None:
    model = [name for low, name in names.items() if low.endswith(_GLDAS_ENDINGS)]
    if model:
        return Recognition("gldas", (f"variables named as LIS land models do ({', '.join(model[:3])})",))
    return Recognition("gldas", ("its title names GLDAS",)) if "gldas" in title else None


def _era5(data: xr.Dataset, names: dict[str, str], title: str) -> Recognition | None:
    known = [name for low, name in names.items() if low in _ERA5_LONG_NAMES]
    grib = any(key.startswith("GRIB_") for key in data.attrs) or any(
        "GRIB_paramId" in data[name].attrs for name in data.data_vars
    )
    if not known and not grib:
        return None
    evidence = []
    if grib:
        evidence.append("GRIB attributes")
    if "valid_time" in data.variables:
        evidence.append("the time coordinate valid_time")
    if "grib_to_netcdf" in title or "ecmwf" in title or "european centre" in title:
        evidence.append("its history names ECMWF")
    if any(_ERA5_LONG_NAMES[name.lower()] in str(data[name].attrs.get("long_name", "")).lower() for name in known):
        evidence.append("ECMWF long names")
    if not evidence:
        return None
    return Recognition("era5", (*((f"ECMWF short names ({', '.join(known)})",) if known else ()), *evidence))


def _g3p(data: xr.Dataset, names: dict[str, str], title: str) -> Recognition | None:
    groundwater = [names[low] for low in GROUNDWATER_NAMES if low in names]
    if not groundwater:
        return None
    return Recognition(
        "g3p", (f"a groundwater storage variable ({groundwater[0]})", *(("its title names G3P",) if "g3p" in title else ()))
    )


def _grace(data: xr.Dataset, names: dict[str, str], title: str) -> Recognition | None:
    storage = [names[low] for low in TOTAL_STORAGE_NAMES if low in names]
    return Recognition("grace", (f"a total water storage variable ({storage[0]})",)) if storage else None
