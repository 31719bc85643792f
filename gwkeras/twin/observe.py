"""Writes a world as the public files would hold it: G3P-shaped, ERA5-Land-shaped, static fields, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import netCDF4
import numpy as np

from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.months import from_month_number, month_number
from gwkeras.twin.reanalysis import points, reanalyse
from gwkeras.twin.world import World

_GWSA_NAME = "gwsa_g3p_{first}_{last}_monthly_twin.nc"
_YEARLY_NAME = "GWSA_{year}_Ano_twin.nc"

_REANALYSIS_VARIABLES = {
    "tp": (228, "Total precipitation", "m", "unknown"),
    "t2m": (167, "2 metre temperature", "K", "unknown"),
    "swvl1": (39, "Volumetric soil water layer 1", "m**3 m**-3", "unknown"),
    "sp": (134, "Surface pressure", "Pa", "surface_air_pressure"),
}


def write_observations(
    world: World, folder: str | Path, *, gwsa_layout: Literal["single", "yearly"] = "single"
) -> dict[str, Path]:
    """Writes the four records of a world into `folder`; each file appears whole or not at all.

    Args:
        gwsa_layout: one multi-year file, or a folder with one file a year; both circulate.
    Returns: paths by key: gwsa (a folder for the yearly layout), climate, static, truth; climate is missing where it was given.
    Raises: OSError: where the folder cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"static": folder / "static.nc", "truth": folder / "truth.nc"}
    paths["gwsa"] = write_product(world, folder, gwsa_layout)
    if world.given is None:
        paths["climate"] = folder / "era5_land.nc"
        _write_reanalysis(world, paths["climate"])
    _write_static(world, paths["static"])
    _write_truth(world, paths["truth"])
    return paths


def write_product(world: World, folder: Path, layout: Literal["single", "yearly"] = "single") -> Path:
    """The product's file, or its folder of yearly files, in `folder`."""
    product = world.product
    stamps = np.datetime_as_string(product.months, unit="M")
    if layout == "single":
        path = folder / _GWSA_NAME.format(first=stamps[0].replace("-", ""), last=stamps[-1].replace("-", ""))
        _write_product_months(world, path, np.ones(len(stamps), dtype=bool))
        return path
    years = np.array([stamp[:4] for stamp in stamps])
    target = folder / "gwsa_yearly"
    target.mkdir(exist_ok=True)
    for year in np.unique(years):
        _write_product_months(world, target / _YEARLY_NAME.format(year=year), years == year)
    return target


def _write_product_months(world: World, path: Path, chosen: np.ndarray) -> None:
    product, config = world.product, world.config
    stated = config.gaussian_km if config.stated_km is None else config.stated_km
    smoothing = f"{stated:g} km Gaussian filter, " if stated else "no filter, " if config.stated_km is None else ""
    with _new_file(path, world, "Groundwater storage anomalies of a twin world, as G3P would see them") as file:
        file.comment = f"block means of the fine truth over land, {smoothing}with correlated noise; missing months are absent"
        _time_axis(file, product.months[chosen], day=16)
        _horizontal_axes(file, "lat", product.grid.lat, "lon", product.grid.lon)
        for name, values, text in (
            ("GWSA", product.storage, "groundwater storage anomaly"),
            ("uncertainty", product.uncertainty, "standard deviation of the error of GWSA"),
        ):
            variable = _variable(file, name, ("time", "lat", "lon"), "mm", text, product.grid.shape)
            variable[:] = values[chosen]


def _write_reanalysis(world: World, path: Path) -> None:
    grid, months = world.config.fine, world.climate.months
    at = points(grid)
    with _new_file(path, world, "Monthly climate of a twin world, as ERA5-Land would have it") as file:
        file.GRIB_centre, file.GRIB_subCentre = "ecmf", 0
        file.createDimension("valid_time", len(months))
        file.createDimension("latitude", len(at.lat))
        file.createDimension("longitude", len(at.lon))
        seconds = file.createVariable("valid_time", "i8", ("valid_time",))
        seconds.setncatts(
            {"long_name": "time", "standard_name": "time", "units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}
        )
        seconds[:] = months.astype("datetime64[s]").astype(np.int64)
        number = file.createVariable("number", "i8", ())
        number.setncatts({"long_name": "ensemble member numerical id", "units": "1", "standard_name": "realization"})
        number[...] = 0
        file.createVariable("expver", str, ("valid_time",))[:] = np.array(["0001"] * len(months), dtype=object)
        _coordinate(file, "latitude", at.lat[::-1], "degrees_north")
        file["latitude"].stored_direction = "decreasing"
        _coordinate(file, "longitude", at.lon, "degrees_east")
        variables = {}
        for name, (identity, text, unit, standard_name) in _REANALYSIS_VARIABLES.items():
            variable = _variable(file, name, ("valid_time", "latitude", "longitude"), unit, text, (len(at.lat), len(at.lon)))
            short_name = name.replace("t2m", "2t")
            variable.setncatts(
                {
                    "standard_name": standard_name,
                    "GRIB_paramId": identity,
                    "GRIB_shortName": short_name,
                    "GRIB_name": text,
                    "GRIB_units": unit,
                    "GRIB_dataType": "fc",
                    "GRIB_typeOfLevel": "surface",
                    "GRIB_gridType": "regular_ll",
                    "coordinates": "number expver",
                }
            )
            variables[name] = variable
        for i, month in enumerate(
            reanalyse(grid, world.terrain, world.climate, world.soil_wetness, world.landscape.soil_index, world.config.seed)
        ):
            for name, variable in variables.items():
                variable[i] = getattr(month, name)[::-1]


def _write_static(world: World, path: Path) -> None:
    grid, land = world.config.fine, world.terrain.land
    with _new_file(path, world, "Static fields of a twin world") as file:
        _horizontal_axes(file, "lat", grid.lat, "lon", grid.lon)
        for name, values, unit, text in (
            ("elevation", world.terrain.elevation, "m", "height above mean sea level"),
            ("soil_index", world.landscape.soil_index, "1", "mapped fineness of the soil, 0 sand to 1 clay"),
            ("irrigated_share", world.landscape.irrigated_share, "1", "mapped share of the area that is irrigated"),
        ):
            variable = _variable(file, name, ("lat", "lon"), unit, text, None)
            variable[:] = np.where(land, values, np.nan).astype(np.float32)
        file["elevation"].standard_name = "surface_altitude"


def _write_truth(world: World, path: Path) -> None:
    grid = world.config.fine
    with _new_file(path, world, "True groundwater storage anomalies of a twin world") as file:
        file.comment = "relative to the mean of the months that the product holds; every month, also those the product lacks"
        _time_axis(file, world.config.months, day=1)
        _horizontal_axes(file, "lat", grid.lat, "lon", grid.lon)
        variable = _variable(file, "gwsa", ("time", "lat", "lon"), "mm", "groundwater storage anomaly", grid.shape)
        for i, month in enumerate(world.truth):
            variable[i] = month


@contextmanager
def _new_file(path: Path, world: World, title: str) -> Iterator[Any]:
    """A NetCDF file that appears as `path` once it is complete."""
    with replacing_path(path) as partial, netCDF4.Dataset(partial, "w", format="NETCDF4") as file:
        file.Conventions, file.title = "CF-1.11", title
        config = world.config
        kind = "" if (config.world, config.hydrology) == ("basins", "cascade") else f", {config.world}, {config.hydrology}"
        driven = "" if world.given is None else ", driven by " + ", ".join(path.name for path in world.given.paths)
        file.source = f"gwkeras twin, seed {config.seed}{kind}{driven}: synthetic, no observation of the Earth"
        yield file


def _variable(file: Any, name: str, dimensions: tuple[str, ...], unit: str, text: str, plane: tuple[int, int] | None) -> Any:
    chunks = (1, *plane) if plane else None
    variable = file.createVariable(
        name, "f4", dimensions, zlib=True, complevel=1, shuffle=True, chunksizes=chunks, fill_value=np.float32(np.nan)
    )
    variable.setncatts({"units": unit, "long_name": text})
    return variable


def _time_axis(file: Any, months: np.ndarray, day: int) -> None:
    file.createDimension("time", len(months))
    time = file.createVariable("time", "i4", ("time",))
    time.setncatts({"standard_name": "time", "units": "days since 2002-01-01", "calendar": "standard", "axis": "T"})
    start = from_month_number(month_number(months)).astype("datetime64[D]")
    time[:] = (start - np.datetime64("2002-01-01")).astype(np.int64) + day - 1


def _horizontal_axes(file: Any, lat: str, lat_values: np.ndarray, lon: str, lon_values: np.ndarray) -> None:
    for name, values, unit, axis in ((lat, lat_values, "degrees_north", "Y"), (lon, lon_values, "degrees_east", "X")):
        file.createDimension(name, len(values))
        _coordinate(file, name, values, unit)
        file[name].axis = axis


def _coordinate(file: Any, name: str, values: np.ndarray, unit: str) -> None:
    variable = file.createVariable(name, "f8", (name,))
    full = "latitude" if unit == "degrees_north" else "longitude"
    variable.setncatts({"units": unit, "standard_name": full, "long_name": full})
    variable[:] = values
