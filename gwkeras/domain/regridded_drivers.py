"""Drivers from the files' fields: regridded, without gaps, with what is derived from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import DataConfig
from gwkeras.core.errors import MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number, month_number
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.drivers import Drivers
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.evapotranspiration import evapotranspiration
from gwkeras.fields.grids.nearest import NearestFiller
from gwkeras.fields.grids.regrid import SmoothRegridder
from gwkeras.fields.pet import PetMethod
from gwkeras.fields.record import Fields


def drivers_from_fields(
    fields: Fields, data: DataConfig, grid: Grid, channels: tuple[str, ...], land: np.ndarray, cache: Path
) -> Drivers:
    """Regrids climate and static fields onto `grid`: area-weighted where it is coarser than the source, bilinear where finer.

    Args:
        channels: names to hold, among the files' and `derived_channels`.
        land: (n_lat, n_lon) land fraction of `grid`.
    Returns: drivers whose channels are regridded when they are first asked for: a method without a network asks for none on the
        product's grid. A month without data in the region is then a `BadInput`.
    Raises: BadInput: where a static field has no data in the region. MissingMonths.
    """
    climate = _Climate(fields, data, grid, climate_months(fields), cache)
    static = {}
    for name, values in fields.static.items():
        regridded = SmoothRegridder(grid_of(values), grid)(values.values, data.minimum_valid_share)
        static[name] = NearestFiller(name, grid.is_periodic)(regridded).astype(np.float32)
    return Drivers(
        grid,
        Calendar(climate.months, "climate"),
        _Channels(climate, channels),
        static,
        land,
        cache,
        climate.key,
    )


def climate_months(fields: Fields) -> np.ndarray:
    """(C,) the months that every climate channel holds, first days, without gaps; those of storage where there is no climate.

    Raises: MissingMonths: where the channels share no month, or miss one between their first and last.
    """
    if not fields.climate:
        return fields.gwsa["time"].values
    shared = sorted(set.intersection(*(set(month_number(c["time"].values).tolist()) for c in fields.climate.values())))
    names = ", ".join(fields.climate)
    if not shared:
        raise MissingMonths(
            "climate", expected=f"months that {names} have in common", found="none", remedy="give files of the same years"
        )
    if len(shared) != shared[-1] - shared[0] + 1:
        gap = min(set(range(shared[0], shared[-1])).difference(shared))
        raise MissingMonths(
            "climate",
            expected="every month between the first and the last",
            found=f"no {str(from_month_number(gap))[:7]}",
            remedy="add the missing month's file, since the memory of the network runs over it",
        )
    return from_month_number(np.array(shared))


def derived_channels(fields: Fields, data: DataConfig) -> tuple[str, ...]:
    """Channels that can be had beside the files' own, from these files and this configuration."""
    if not has_net_water_input(fields, data):
        return ()
    return (*(() if "evapotranspiration" in fields.climate else ("evapotranspiration",)), "net_water_input")


def has_net_water_input(fields: Fields, data: DataConfig) -> bool:
    """Whether P − ET can be had from these files and this configuration."""
    if "precipitation" not in fields.climate or data.evapotranspiration == "none":
        return False
    return ("evapotranspiration" if data.evapotranspiration == "file" else "temperature") in fields.climate


@dataclass(frozen=True)
class _Channels(Mapping[str, DiskArray]):
    """Channels by their names; another process gets them as files."""

    climate: _Climate
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> DiskArray:
        if name not in self.names:
            raise KeyError(name)
        return self._made.get(name) or self._made.setdefault(name, self.climate.channel(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names  # without making it

    def __reduce__(self) -> tuple[type[dict], tuple[dict[str, DiskArray]]]:
        return dict, (dict(self),)

    @cached_property
    def _made(self) -> dict[str, DiskArray]:
        return {}


class _Climate:
    """Channels of one grid, each computed when first asked for."""

    def __init__(self, fields: Fields, data: DataConfig, grid: Grid, months: np.ndarray, cache: Path) -> None:
        self.fields, self.data, self.grid, self.months, self.cache = fields, data, grid, months, cache
        self.key = [
            fields.fingerprint,
            data.evapotranspiration,
            data.aridity_cap,
            data.minimum_valid_share,
            astuple(grid),
            str(months[[0, -1]]),
        ]
        self._shape = (len(months), *grid.shape)
        # The configuration says which evapotranspiration a run goes by; the file's is left where none can be computed.
        self._derives = data.evapotranspiration != "file" and has_net_water_input(fields, data)

    def channel(self, name: str) -> DiskArray:
        if name == "net_water_input":
            rain, loss = self.channel("precipitation"), self.channel("evapotranspiration")
            return cached_array(self.cache, [self.key, name], self._shape, lambda part: rain[part] - loss[part])
        if name == "evapotranspiration" and self._derives:
            return self._evapotranspiration()
        return self._regridded(name)

    def _regridded(self, name: str) -> DiskArray:
        record = self.fields.climate[name]
        first = int(np.searchsorted(month_number(record["time"].values), month_number(self.months[0])))
        source, share = grid_of(record), self.data.minimum_valid_share
        regridder, filler = SmoothRegridder(source, self.grid), NearestFiller(name, self.grid.is_periodic)

        def months(part: slice) -> np.ndarray:
            return filler(regridder(record.isel(time=slice(first + part.start, first + part.stop)).values, share))

        return cached_array(self.cache, [self.key, name], self._shape, months, step_bytes=4 * source.n_lat * source.n_lon)

    def _evapotranspiration(self) -> DiskArray:
        """By blocks of rows, each with all months: the trailing mean runs over them, and neighbours in space do not matter."""
        warmth, rain = self.channel("temperature"), self.channel("precipitation")

        def rows(part: slice) -> np.ndarray:
            def labelled(array: DiskArray) -> xr.DataArray:
                coords = {"time": self.months, "lat": self.grid.lat[part], "lon": self.grid.lon}
                return xr.DataArray(array[:, part], dims=("time", "lat", "lon"), coords=coords)

            method = cast(PetMethod, self.data.evapotranspiration)
            return evapotranspiration(labelled(warmth), labelled(rain), method=method, aridity_cap=self.data.aridity_cap).values

        return cached_array(
            self.cache,
            [self.key, "evapotranspiration"],
            self._shape,
            rows,
            axis=1,
            step_bytes=2 * 4 * len(self.months) * self.grid.n_lon,
        )
