"""A globe with climate, maps and a filtered product, as files of the usual kinds: continents are made up, sizes are Earth's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from netCDF4 import Dataset
from scipy.ndimage import gaussian_filter

from benchmarks.global_kriging import globe
from gwkeras.core.grid import Grid
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

CLIMATE = {"precipitation": "mm month-1", "temperature": "K", "soil_moisture": "m3 m-3"}
_FIRST = np.datetime64("2002-01", "M")
_FINER = 2  # climate cells along a side of a product cell
_NOISE_MM = 3.0


def write_world(folder: Path, years: int, before: int, half_weight_km: float, step: float) -> None:
    """storage.nc, one file for each climate channel, and maps.nc.

    Storage is what two linear stores keep of the rain, the more the better the soil lets it through: a prior can learn it.

    Args:
        folder: to write into.
        years: of storage, from 2002 on.
        before: years of climate before these.
        half_weight_km: of the product's filter; 0 for none.
        step: side of a product cell, degrees.
    """
    observation, land = globe(half_weight_km, step)
    grid = observation.coarse.refine(_FINER)
    share = np.repeat(np.repeat(land, _FINER, 0), _FINER, 1).astype(np.float32)
    spread = PointSpread.gaussian(half_weight_km) if half_weight_km else PointSpread()
    seen = Observation(grid, _FINER, share, spread)
    fine, maps = observation.fine, _maps(grid)
    _write_maps(folder / "maps.nc", grid, fine, maps)
    months = np.arange(_FIRST - 12 * before, _FIRST + 12 * years)
    files = {name: _Series(folder / f"{name}.nc", name, unit, grid) for name, unit in CLIMATE.items()}
    product = _Series(folder / "storage.nc", "gwsa", "mm", observation.coarse)
    rng, usual = np.random.default_rng(1), None
    kept: list[tuple[np.datetime64, np.ndarray]] = []
    stores = [np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)]
    for month, climate in zip(months, _climate(grid, maps, len(months)), strict=True):
        for name, values in climate.items():
            files[name].append(month, values)
        for store, constant in zip(stores, (6.0, 24.0), strict=True):
            keeps = np.float32(np.exp(-1 / constant))
            store *= keeps
            store += (1 - keeps) * climate["precipitation"]
        if month >= _FIRST:
            storage = (1.0 + 0.5 * maps["soil"]) * stores[0] + 0.8 * stores[1]
            kept.append((month, seen(storage) + _NOISE_MM * _smooth(rng, land.shape, 4.0)))
            usual = kept[-1][1] if usual is None else usual + kept[-1][1]
    for month, values in kept:
        product.append(month, values - usual / len(kept))
    for series in (*files.values(), product):
        series.close()


class _Series:
    """A NetCDF file that months are appended to, a month a chunk."""

    def __init__(self, path: Path, name: str, unit: str, grid: Grid) -> None:
        self._data = Dataset(path, "w")
        for dimension, values, degrees in (("lat", grid.lat, "degrees_north"), ("lon", grid.lon, "degrees_east")):
            self._data.createDimension(dimension, len(values))
            axis = self._data.createVariable(dimension, "f8", (dimension,))
            axis.units, axis[:] = degrees, values
        self._data.createDimension("time", None)
        time = self._data.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "days since 1970-01-01", "standard"
        field = self._data.createVariable(
            name, "f4", ("time", "lat", "lon"), chunksizes=(1, *grid.shape), fill_value=np.float32(np.nan)
        )
        field.units = unit
        self._time, self._field = time, field

    def append(self, month: np.datetime64, values: np.ndarray) -> None:
        number = len(self._time)
        self._time[number] = month.astype("datetime64[D]").astype(int)
        self._field[number] = values

    def close(self) -> None:
        self._data.close()


def _climate(grid: Grid, maps: dict[str, np.ndarray], months: int) -> Iterator[dict[str, np.ndarray]]:
    """Seasons, and weather that is new in each month."""
    rng = np.random.default_rng(2)
    lat = np.deg2rad(grid.lat)[:, None]
    wet = np.exp(0.4 * maps["wet"])
    for number in range(months):
        season = np.cos(2 * np.pi * (number % 12 - 6) / 12)
        weather = 0.4 * _smooth(rng, grid.shape, 16.0) + 0.3 * _smooth(rng, grid.shape, 3.0)
        rain = 70 * wet * (0.4 + np.cos(lat) ** 2) * (1 + 0.5 * season * np.sign(lat)) * np.exp(weather - 0.1)
        heat = 300 - 45 * np.sin(lat) ** 2 + 12 * season * np.sin(lat) - 0.0065 * maps["elevation"]
        heat = heat + _smooth(rng, grid.shape, 16.0)
        soil = np.clip(0.15 + 0.1 * np.tanh(rain / 100) + 0.03 * maps["soil"], 0.02, 0.5)
        found = {"precipitation": rain, "temperature": heat, "soil_moisture": soil}
        yield {name: values.astype(np.float32) for name, values in found.items()}


def _maps(grid: Grid) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "elevation": 700 * np.exp(0.8 * _smooth(rng, grid.shape, 6.0)),
        "soil": np.tanh(_smooth(rng, grid.shape, 3.0)),
        "wet": _smooth(rng, grid.shape, 24.0),
    }


def _write_maps(path: Path, grid: Grid, fine: Grid, maps: dict[str, np.ndarray]) -> None:
    rng = np.random.default_rng(4)
    factor = fine.n_lat // grid.n_lat
    known = {name: np.repeat(np.repeat(maps[name], factor, 0), factor, 1) for name in ("elevation", "soil")}
    known["irrigated_share"] = np.clip(_smooth(rng, fine.shape, 12.0) - 1.0, 0.0, 1.0)
    units = {"elevation": "m", "soil": "1", "irrigated_share": "1"}
    fields = {
        name: xr.DataArray(
            values.astype(np.float32), {"lat": fine.lat, "lon": fine.lon}, ("lat", "lon"), name, {"units": units[name]}
        )
        for name, values in known.items()
    }
    xr.Dataset(fields).to_netcdf(path)


def _smooth(rng: np.random.Generator, shape: tuple[int, int], cells: float) -> np.ndarray:
    field = gaussian_filter(rng.standard_normal(shape, dtype=np.float32), cells, mode=("nearest", "wrap"))
    return field / field.std()
