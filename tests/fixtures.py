"""NetCDF files in the exact public formats, written with netCDF4 alone, so that readers are tested against something else.

Every writer takes the values in the *file's* units and order of axes as the public file has them, and returns the path.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import netCDF4
import numpy as np


def days_since(origin: str, stamps: Sequence[str]) -> np.ndarray:
    """Whole and broken days from `origin` to ISO stamps."""
    start = datetime.fromisoformat(origin)
    return np.array([(datetime.fromisoformat(s) - start) / timedelta(days=1) for s in stamps])


def centres(first: float, step: float, number: int) -> np.ndarray:
    return first + step * np.arange(number)


def write_g3p(
    path: Path,
    months: Sequence[str],
    lat: np.ndarray,
    lon: np.ndarray,
    gwsa: np.ndarray,
    sigma: np.ndarray | None = None,
    *,
    name: str = "gwsa",
    lat_descending: bool = False,
) -> Path:
    """One multi-year G3P file: (time, lat, lon), mm, stamps on the 16th, missing months absent. `months` as "2002-04"."""
    order = slice(None, None, -1) if lat_descending else slice(None)
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts({"title": "G3P groundwater storage anomalies", "Conventions": "CF-1.8", "institution": "GFZ"})
        _axis(file, "lat", lat[order], "degrees_north", "latitude")
        _axis(file, "lon", lon, "degrees_east", "longitude")
        file.createDimension("time", None)
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts({"units": "days since 2002-01-01 00:00:00", "calendar": "standard", "standard_name": "time", "axis": "T"})
        time[:] = days_since("2002-01-01", [f"{month}-16" for month in months])
        for variable, values in ((name, gwsa), ("uncertainty", sigma)):
            if values is not None:
                stored = file.createVariable(variable, "f4", ("time", "lat", "lon"), zlib=True, fill_value=np.float32(np.nan))
                stored.setncatts({"units": "mm", "long_name": f"{variable} in equivalent water height"})
                stored[:] = values[:, order]
    return path


def write_g3p_yearly(
    folder: Path, months: Sequence[str], lat: np.ndarray, lon: np.ndarray, gwsa: np.ndarray, sigma: np.ndarray
) -> Path:
    """The yearly layout: GWSA_2002_Ano_….nc, variables `GWSA` and `uncertainty`."""
    folder.mkdir(parents=True, exist_ok=True)
    for year in sorted({month[:4] for month in months}):
        kept = [i for i, month in enumerate(months) if month.startswith(year)]
        write_g3p(
            folder / f"GWSA_{year}_Ano_0.5_degree_Gauss_250km_land_masked_GravIS.nc",
            [months[i] for i in kept],
            lat,
            lon,
            gwsa[kept],
            sigma[kept],
            name="GWSA",
        )
    return folder


def write_grace_jpl(
    path: Path, bounds: Sequence[tuple[str, str]], lat: np.ndarray, lon: np.ndarray, lwe_cm: np.ndarray, sigma_cm: np.ndarray
) -> Path:
    """JPL mascons: longitudes 0…360, time bounds, uncertainty, fill -99999, land mask; `bounds` are ISO days of each solution."""
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts(
            {"title": "JPL GRACE and GRACE-FO MASCON RL06.3Mv04 CRI", "institution": "NASA/JPL", "Conventions": "CF-1.6"}
        )
        _axis(file, "lon", lon, "degrees_east", "longitude", bounds="lon_bounds")
        _axis(file, "lat", lat, "degrees_north", "latitude", bounds="lat_bounds")
        file.createDimension("time", len(bounds))
        file.createDimension("bounds", 2)
        edges = np.stack([days_since("2002-01-01", [b[k] for b in bounds]) for k in (0, 1)], axis=1)
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts(
            {
                "long_name": "time",
                "standard_name": "time",
                "axis": "T",
                "units": "days since 2002-01-01T00:00:00Z",
                "calendar": "gregorian",
                "bounds": "time_bounds",
            }
        )
        time[:] = edges.mean(axis=1)
        file.createVariable("time_bounds", "f8", ("time", "bounds"))[:] = edges
        for axis, values in (("lat", lat), ("lon", lon)):
            half = (values[1] - values[0]) / 2
            file.createVariable(f"{axis}_bounds", "f8", (axis, "bounds"))[:] = np.stack([values - half, values + half], axis=1)
        for name, values, text in (
            ("lwe_thickness", lwe_cm, "Liquid_Water_Equivalent_Thickness"),
            ("uncertainty", sigma_cm, "uncertainty"),
        ):
            variable = file.createVariable(name, "f8", ("time", "lat", "lon"), fill_value=-99999.0)
            variable.setncatts({"units": "cm", "long_name": text, "grid_mapping": "WGS84"})
            variable[:] = np.where(np.isfinite(values), values, -99999.0)
        mask = file.createVariable("land_mask", "f8", ("lat", "lon"), fill_value=-99999.0)
        mask.setncatts({"long_name": "Land_Mask", "standard_name": "land_binary_mask"})
        mask[:] = np.isfinite(lwe_cm).any(axis=0)
        file.createVariable("mascon_ID", "f8", ("lat", "lon"))[:] = np.arange(lat.size * lon.size).reshape(lat.size, lon.size)
    return path


def write_grace_csr(path: Path, stamps: Sequence[str], lat: np.ndarray, lon: np.ndarray, lwe_cm: np.ndarray) -> Path:
    """CSR mascons: the time attribute spelt `Units`, no bounds, no fill value announced."""
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts({"title": "CSR GRACE and GRACE-FO RL06.3 Mascons", "institution": "UT Austin/CSR"})
        _axis(file, "lon", lon, "degrees_east", "longitude")
        _axis(file, "lat", lat, "degrees_north", "latitude")
        file.createDimension("time", len(stamps))
        time = file.createVariable("time", "f4", ("time",))
        time.setncatts({"Units": "days since 2002-01-01T00:00:00Z", "calendar": "gregorian", "long_name": "time"})
        time[:] = days_since("2002-01-01", stamps)
        variable = file.createVariable("lwe_thickness", "f4", ("time", "lat", "lon"))
        variable.setncatts({"Units": "cm", "long_name": "Liquid_Water_Equivalent_Thickness"})
        variable[:] = np.where(np.isfinite(lwe_cm), lwe_cm, -99999.0)
    return path


ERA5_UNITS = {
    "tp": "m",
    "t2m": "K",
    "swvl1": "m**3 m**-3",
    "sp": "Pa",
    "e": "m of water equivalent",
    "sro": "m",
    "ro": "m",
    "smlt": "m of water equivalent",
    "sd": "m of water equivalent",
}
ERA5_LONG_NAMES = {
    "tp": "Total precipitation",
    "t2m": "2 metre temperature",
    "swvl1": "Volumetric soil water layer 1",
    "sp": "Surface pressure",
    "e": "Evaporation",
    "sro": "Surface runoff",
    "ro": "Runoff",
    "smlt": "Snowmelt",
    "sd": "Snow depth water equivalent",
}
_STEP_TYPE = {"tp": "avgad", "e": "avgad", "sro": "avgad", "ro": "avgad", "smlt": "avgad"}


def write_era5_new(
    path: Path,
    months: Sequence[str],
    lat: np.ndarray,
    lon: np.ndarray,
    variables: dict[str, np.ndarray],
    *,
    hour: int = 0,
    preliminary: int = 0,
) -> Path:
    """The present CDS layout: valid_time, number, expver along valid_time, latitude descending as given.

    `months` as "2002-04", stamped at `hour` of the first day, or whole stamps as "2002-04-01T06:00".
    """
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts(
            {
                "GRIB_centre": "ecmf",
                "GRIB_centreDescription": "European Centre for Medium-Range Weather Forecasts",
                "Conventions": "CF-1.7",
                "institution": "European Centre for Medium-Range Weather Forecasts",
                "history": "2025-11-10T14:37 GRIB to CDM+CF via cfgrib-0.9.15.0/ecCodes-2.42.0",
            }
        )
        number = file.createVariable("number", "i8", ())
        number.setncatts({"long_name": "ensemble member numerical id", "units": "1", "standard_name": "realization"})
        number[...] = 0
        file.createDimension("valid_time", len(months))
        time = file.createVariable("valid_time", "i8", ("valid_time",))
        time.setncatts(
            {"long_name": "time", "standard_name": "time", "units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}
        )
        stamps = [month if "T" in month else f"{month}-01T{hour:02d}:00" for month in months]
        time[:] = np.round(days_since("1970-01-01", stamps) * 86400).astype("i8")
        _axis(file, "latitude", lat, "degrees_north", "latitude", stored_direction="decreasing")
        _axis(file, "longitude", lon, "degrees_east", "longitude")
        expver = file.createVariable("expver", str, ("valid_time",))
        expver[:] = np.array(["0001"] * (len(months) - preliminary) + ["0005"] * preliminary, dtype=object)
        for name, values in variables.items():
            stored = file.createVariable(
                name,
                "f4",
                ("valid_time", "latitude", "longitude"),
                fill_value=np.float32(np.nan),
                zlib=True,
                chunksizes=(1, lat.size, lon.size),
            )
            stored.setncatts(
                {
                    "GRIB_paramId": 1,
                    "GRIB_stepType": _STEP_TYPE.get(name, "avgua"),
                    "GRIB_units": ERA5_UNITS[name],
                    "long_name": ERA5_LONG_NAMES[name],
                    "units": ERA5_UNITS[name],
                    "standard_name": "unknown",
                    "coordinates": "number valid_time latitude longitude expver",
                }
            )
            stored[:] = values
    return path


def write_era5_split(
    folder: Path, months: Sequence[str], lat: np.ndarray, lon: np.ndarray, variables: dict[str, np.ndarray]
) -> tuple[Path, Path]:
    """Two files by step type, whose stamps differ: 00:00 for states, 06:00 for accumulations."""
    folder.mkdir(parents=True, exist_ok=True)
    states = {k: v for k, v in variables.items() if k not in _STEP_TYPE}
    fluxes = {k: v for k, v in variables.items() if k in _STEP_TYPE}
    return (
        write_era5_new(folder / "data_stream-moda_stepType-avgua.nc", months, lat, lon, states, hour=0),
        write_era5_new(folder / "data_stream-moda_stepType-avgad.nc", months, lat, lon, fluxes, hour=6),
    )


def write_zip(path: Path, members: Sequence[Path], *, folder: str = "") -> Path:
    """A ZIP of the members; the Climate Data Store calls it .nc."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.write(member, f"{folder}{member.name}")
    return path


def write_era5_legacy(
    path: Path, months: Sequence[str], lat: np.ndarray, lon: np.ndarray, variables: dict[str, np.ndarray], *, expver: bool = False
) -> Path:
    """The layout until 2024: classic NetCDF, int16-packed, hours since 1900; `expver` gives (time, expver, lat, lon) arrays."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        file.setncatts({"Conventions": "CF-1.6", "history": "2023-01-01 grib_to_netcdf-2.28.1: mars2netcdf"})
        _axis(file, "longitude", lon.astype("f4"), "degrees_east", "longitude", kind="f4", standard=False)
        _axis(file, "latitude", lat.astype("f4"), "degrees_north", "latitude", kind="f4", standard=False)
        dims: tuple[str, ...] = ("time", "latitude", "longitude")
        if expver:
            file.createDimension("expver", 2)
            file.createVariable("expver", "i4", ("expver",))[:] = [1, 5]
            dims = ("time", "expver", "latitude", "longitude")
        file.createDimension("time", len(months))
        time = file.createVariable("time", "i4", ("time",))
        time.setncatts({"units": "hours since 1900-01-01 00:00:00.0", "long_name": "time", "calendar": "gregorian"})
        time[:] = np.round(days_since("1900-01-01", [f"{month}-01" for month in months]) * 24)
        for name, values in variables.items():
            low, high = np.nanmin(values), np.nanmax(values)
            scale = max((high - low) / 65532, 1e-12)
            stored = file.createVariable(name, "i2", dims, fill_value=-32767)
            stored.set_auto_maskandscale(False)
            stored.setncatts(
                {
                    "scale_factor": float(scale),
                    "add_offset": float((low + high) / 2),
                    "missing_value": np.int16(-32767),
                    "units": ERA5_UNITS[name],
                    "long_name": ERA5_LONG_NAMES[name],
                }
            )
            packed = np.round((np.nan_to_num(values, nan=low) - (low + high) / 2) / scale)
            stored[:] = np.where(np.isfinite(values), packed, -32767).astype("i2")
    return path


def write_gldas_monthly(
    folder: Path, months: Sequence[str], lat: np.ndarray, lon: np.ndarray, variables: dict[str, np.ndarray]
) -> Path:
    """GLDAS_NOAH025_M: one file a month, kg m-2 and kg m-2 s-1, fill -9999, latitude ascending, month bounds."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, month in enumerate(months):
        start = np.datetime64(month, "M")
        with netCDF4.Dataset(folder / f"GLDAS_NOAH025_M.A{month.replace('-', '')}.021.nc4", "w") as file:
            file.setncatts(
                {
                    "missing_value": np.float32(-9999),
                    "title": "GLDAS2.1 LIS land surface model output monthly mean",
                    "institution": "NASA GSFC",
                    "conventions": "CF-1.6",
                }
            )
            _axis(file, "lat", lat, "degrees_north", "latitude", kind="f4")
            _axis(file, "lon", lon, "degrees_east", "longitude", kind="f4")
            file.createDimension("time", None)
            file.createDimension("bnds", 2)
            edges = days_since("2000-01-01", [str(start.astype("datetime64[D]")), str((start + 1).astype("datetime64[D]"))])
            time = file.createVariable("time", "f8", ("time",))
            time.setncatts({"units": " days since 2000-01-01 00:00:00", "long_name": "time", "bounds": "time_bnds"})
            time[:] = edges[:1]
            file.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = edges[None]
            for name, values in variables.items():
                stored = file.createVariable(name, "f4", ("time", "lat", "lon"), fill_value=-9999.0, zlib=True)
                unit = "K" if name.startswith("Tair") else "kg m-2 s-1" if name.endswith("_tavg") else "kg m-2"
                stored.setncatts({"units": unit, "missing_value": np.float32(-9999), "long_name": name})
                stored[:] = np.where(np.isfinite(values[index]), values[index], -9999.0)[None]
    return folder


def write_plain(
    path: Path,
    dims: Sequence[str],
    coordinates: dict[str, np.ndarray],
    variables: dict[str, np.ndarray],
    attributes: dict[str, dict[str, object]] | None = None,
    *,
    form: str = "NETCDF4",
) -> Path:
    """Any file: variables over the last of `dims` that their rank asks for; attributes by name of variable or coordinate."""
    attributes = attributes or {}
    with netCDF4.Dataset(path, "w", format=form) as file:
        for dim in dims:
            file.createDimension(dim, len(coordinates[dim]))
        for name, values in {**coordinates, **variables}.items():
            array = np.asarray(values)
            own = dict(attributes.get(name, {}))
            fill = own.pop("_FillValue", None)
            over = (name,) if name in coordinates else tuple(dims[len(dims) - array.ndim :])
            stored = file.createVariable(name, array.dtype, over, fill_value=fill)
            stored.set_auto_maskandscale(False)
            stored.setncatts(own)
            stored[...] = array
    return path


def _axis(
    file: netCDF4.Dataset,
    name: str,
    values: np.ndarray,
    unit: str,
    full: str,
    *,
    kind: str = "f8",
    standard: bool = True,
    **more: str,
) -> None:
    file.createDimension(name, len(values))
    variable = file.createVariable(name, kind, (name,))
    variable.setncatts({"units": unit, "long_name": full, **({"standard_name": full} if standard else {}), **more})
    variable[:] = values
