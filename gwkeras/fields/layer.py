"""A layer: climate channels, static fields and the land share, all on one grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.ndimage import distance_transform_edt

from gwkeras.core.config import DataConfig
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number, month_number
from gwkeras.fields.array_cache import DiskArray, cached_array
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.covariates import Covariate, extend_backwards
from gwkeras.fields.evapotranspiration import evapotranspiration
from gwkeras.fields.record import Fields
from gwkeras.fields.regrid import SmoothRegridder


@dataclass(frozen=True)
class Layer:
    """Everything but storage on one grid.

    Args:
        grid: the grid.
        months: (C,) first days of the climate months, without gaps.
        channels: name -> (C, n_lat, n_lon); no NaN: cells without data carry their nearest neighbour's values.
        static: name -> (n_lat, n_lon), likewise.
        land: (n_lat, n_lon) land fraction.
        cache: folder of the arrays.
        key: what determines the values.
    """

    grid: Grid
    months: np.ndarray
    channels: dict[str, DiskArray]
    static: dict[str, np.ndarray]
    land: np.ndarray
    cache: Path
    key: Any
    _recent: dict[Any, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def coarsen(self, factor: int, row: int = 0, col: int = 0) -> Layer:
        """The layer on `grid.coarsen(factor, row, col)`: block means weighted by area × land."""
        coarse = self.grid.coarsen(factor, row, col)
        inner = self.grid.window(row, col, coarse.n_lat * factor, coarse.n_lon * factor)
        rows, cols = slice(row, row + inner.n_lat), slice(col, col + inner.n_lon)
        weights = self.land[rows, cols]
        # A block without land still needs a climate, since its neighbours' convolutions read it.
        weights = np.where(np.repeat(np.repeat(inner.block_mean(weights, factor) > 0, factor, 0), factor, 1), weights, 1.0)
        key = [self.key, factor, row, col]
        channels = {
            name: cached_array(self.cache, [key, name], (len(self.months), *coarse.shape),
                               lambda part, a=array: inner.block_mean(a[part, rows, cols], factor, weights))
            for name, array in self.channels.items()
        }
        static = {name: inner.block_mean(a[rows, cols], factor, weights).astype(np.float32) for name, a in self.static.items()}
        land = inner.block_mean(self.land[rows, cols], factor).astype(np.float32)
        return Layer(coarse, self.months, channels, static, land, self.cache, key)

    def covariates(self, covariates: tuple[Covariate, ...], month: int) -> np.ndarray:
        """(K, n_lat, n_lon) values of all covariates; the latest month is kept, since patches of one month come together."""
        key = (covariates, month)
        if key not in self._recent:
            self._recent.clear()
            self._recent[key] = np.stack([self.covariate(c, month) for c in covariates])
        return self._recent[key]

    def covariate(self, covariate: Covariate, month: int) -> np.ndarray:
        """(n_lat, n_lon) values of a covariate for the climate month with index `month`."""
        if covariate.kind == "static":
            return self.static[covariate.channel]
        record = self.channels[covariate.channel]
        first = month - covariate.months + 1
        if first >= 0:
            values = record[first : month + 1].mean(axis=0, dtype=np.float32)
        else:
            values = extend_backwards(np.asarray(record), self.months, -first)[: month - first + 1].mean(axis=0, dtype=np.float32)
        if covariate.kind == "anomaly":
            values = values - _record_mean(record.path)
        return values


@lru_cache(maxsize=64)
def _record_mean(path: Path) -> np.ndarray:
    return DiskArray(path).values.mean(axis=0, dtype=np.float64).astype(np.float32)


def layer_from_fields(fields: Fields, data: DataConfig, grid: Grid, channels: tuple[str, ...], land: np.ndarray,
                      cache: Path) -> Layer:
    """Regrids climate and static fields onto `grid`: area-weighted where it is coarser than the source, bilinear where finer.

    Args:
        channels: names to hold; `evapotranspiration` and `net_water_input` are derived where the files do not hold them.
        land: (n_lat, n_lon) land fraction of `grid`.
    """
    months = climate_months(fields)
    key = [fields.fingerprint, str(data.evapotranspiration), data.aridity_cap, data.minimum_valid_share, grid.describe(), str(months[[0, -1]])]
    share = data.minimum_valid_share

    def onto_grid(name: str) -> DiskArray:
        record = fields.climate[name].sel(time=months)
        regridder = SmoothRegridder(grid_of(record), grid)
        filler = _nearest_filler(regridder(record.isel(time=0).values, share), name)
        return cached_array(cache, [key, name], (len(months), *grid.shape), lambda part: filler(regridder(record.isel(time=part).values, share)))

    held: dict[str, DiskArray] = {}

    def channel(name: str) -> DiskArray:
        if name in held:
            return held[name]
        if name in fields.climate and not (name == "evapotranspiration" and data.evapotranspiration != "file"):
            held[name] = onto_grid(name)
        elif name == "evapotranspiration":
            whole = evapotranspiration(_labelled(channel("temperature"), months, grid), _labelled(channel("precipitation"), months, grid),
                                       method=data.evapotranspiration, aridity_cap=data.aridity_cap)
            held[name] = cached_array(cache, [key, name], (len(months), *grid.shape), lambda part: whole.isel(time=part).values)
        elif name == "net_water_input":
            rain, loss = channel("precipitation"), channel("evapotranspiration")
            held[name] = cached_array(cache, [key, name], (len(months), *grid.shape), lambda part: rain[part] - loss[part])
        return held[name]

    static = {}
    for name, field in fields.static.items():
        values = SmoothRegridder(grid_of(field), grid)(field.values, share)
        static[name] = _nearest_filler(values, name)(values).astype(np.float32)
    return Layer(grid, months, {name: channel(name) for name in channels}, static, land, cache, key)


def climate_months(fields: Fields) -> np.ndarray:
    """(C,) the months that every climate channel holds, first days, without gaps.

    Raises: MissingMonths: where the channels share no month, or miss one between their first and last.
    """
    if not fields.climate:
        return fields.gwsa["time"].values
    shared = sorted(set.intersection(*(set(month_number(c["time"].values).tolist()) for c in fields.climate.values())))
    names = ", ".join(fields.climate)
    if not shared:
        raise MissingMonths("climate", expected=f"months that {names} have in common", found="none", remedy="give files of the same years")
    if len(shared) != shared[-1] - shared[0] + 1:
        gap = next(m for m in range(shared[0], shared[-1]) if m not in set(shared))
        raise MissingMonths("climate", expected="every month between the first and the last", found=f"no {str(from_month_number(gap))[:7]}",
                            remedy="add the missing month's file, since the memory of the network runs over it")
    return from_month_number(np.array(shared))


def has_net_water_input(fields: Fields, data: DataConfig) -> bool:
    """Whether P − ET can be had from these files and this configuration."""
    if "precipitation" not in fields.climate or data.evapotranspiration == "none":
        return False
    return ("evapotranspiration" if data.evapotranspiration == "file" else "temperature") in fields.climate


def _labelled(array: DiskArray, months: np.ndarray, grid: Grid) -> xr.DataArray:
    return xr.DataArray(array.values, dims=("time", "lat", "lon"), coords={"time": months, "lat": grid.lat, "lon": grid.lon})


def _nearest_filler(example: np.ndarray, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """A function that gives cells without data the values of the nearest cell with data, as in `example` (n_lat, n_lon).

    A cell that only now and then lacks data gets the mean of `example`, in keeping with a field that has no NaN at all.
    """
    missing = ~np.isfinite(example)
    if missing.all():
        raise BadInput(name, expected="data in the region", found="none", remedy="check that the file covers the region")
    usual = float(np.nanmean(example))
    if not missing.any():
        return lambda values: np.nan_to_num(values, nan=usual)
    rows, cols = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return lambda values: np.nan_to_num(values[..., rows, cols], nan=usual)
