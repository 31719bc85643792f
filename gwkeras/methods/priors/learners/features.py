"""What a learner sees of a cell and a month: memories of the climate's channels, maps, and for some where and when it is.

The same features exist at two places: on the cells that are taught on, as the product would show them (H of each), and on
fine cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.months import calendar_month
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import advance, in_balance, retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.priors.ridge.fitted import standardised
from gwkeras.methods.priors.teaching.product import Teaching

PLACES = 3
"""Columns that say where and when: latitude, longitude, time."""


@dataclass(frozen=True)
class Features:
    """Their names, and what is needed to compute them anywhere.

    Args:
        time_constants: of the memories, months.
        channels: names.
        standard: names and scales of the maps.
        located: whether latitude, longitude (degrees) and time (months since 1970-01) stand behind the maps.
    """

    time_constants: tuple[float, ...]
    channels: tuple[str, ...]
    standard: Standard
    located: bool = False

    @classmethod
    def of(cls, climate: FineClimate, time_constants: tuple[float, ...], located: bool = False) -> Features:
        """All that a climate and its maps hold."""
        channels = Channels(climate)
        maps = raw_maps(climate, channels.means)
        standard = Standard.of(maps, climate.grid.area * climate.land) if maps else Standard((), np.array([]), np.array([]))
        return cls(time_constants, channels.names, standard, located)

    @property
    def memories(self) -> int:
        """How many features are memories; they come first."""
        return len(self.time_constants) * len(self.channels)

    @property
    def count(self) -> int:
        return self.memories + len(self.standard.names) + (PLACES if self.located else 0)

    def maps(self, climate: FineClimate) -> np.ndarray:
        """(map, n_lat, n_lon) float32, standardised.

        Raises: BadInput: where the climate lacks a channel or a map.
        """
        channels = Channels(climate)
        if channels.names != self.channels:
            raise BadInput(
                "prior",
                expected=f"the channels {', '.join(self.channels)}",
                found=", ".join(channels.names) or "none",
                remedy="give the same climate variables as in training",
            )
        maps = raw_maps(climate, channels.means)
        missing = sorted(set(self.standard.names) - set(maps))
        if missing:
            raise BadInput("prior", expected=f"the map {missing[0]}", found="none", remedy="give the file that holds it")
        return standardised(self.standard, maps, climate)[1:]

    def taught(self, climate: FineClimate, teaching: Teaching, months: np.ndarray) -> np.ndarray:
        """(M, k, p) float32 on the cells taught on, in some of the climate's months.

        Args:
            climate: of the whole fine grid.
            teaching: the cells, and how they see.
            months: (M,) datetime64[M].
        """
        channels, s = Channels(climate), teaching.factor

        def seen(fields: np.ndarray) -> np.ndarray:
            if s == 1:
                return teaching.take(fields)
            means = [climate.grid.block_mean(field, s, climate.land) for field in fields]  # one by one, for memory's sake
            return teaching.take(np.nan_to_num(np.stack(means)))

        maps, memories_end = seen(self.maps(climate)).T, self.memories  # (k, map)
        result = np.empty((len(months), len(maps), self.count), dtype=np.float32)
        result[:, :, memories_end : memories_end + maps.shape[1]] = maps
        if self.located:
            result[:, :, -PLACES] = teaching.grid.lat[teaching.cells[:, 0]]
            result[:, :, -PLACES + 1] = teaching.grid.lon[teaching.cells[:, 1]]
            result[:, :, -1] = _time(months)[:, None]
        wanted = {stamp: index for index, stamp in enumerate(months.tolist())}
        start = np.stack([seen(year) for year in channels.usual_year()])
        for stamp, memories in self._memories(channels, start, seen):
            if stamp.item() in wanted:
                result[wanted[stamp.item()], :, :memories_end] = memories.reshape(-1, memories.shape[-1]).T
        return result

    def fine(self, climate: FineClimate, maps: np.ndarray, months: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Position in `months` and (land cells, p) float32 of each of these months, in the climate's order.

        Args:
            climate: of a band of rows.
            maps: (map, n_lat, n_lon) of the same rows.
            months: (M,) datetime64[M].
        Raises: MissingMonths: where the climate does not hold them all.
        """
        channels, land = Channels(climate), climate.land > 0
        lacking = np.setdiff1d(months, climate.months)
        if lacking.size:
            raise MissingMonths(
                "prior",
                expected=f"climate of {lacking[0]}",
                found=f"climate of {climate.months[0]} … {climate.months[-1]}",
                remedy="give a longer climate record",
            )
        wanted = {stamp: index for index, stamp in enumerate(months.tolist())}
        rows = np.empty((int(land.sum()), self.count), dtype=np.float32)
        rows[:, self.memories : self.memories + len(maps)] = maps[:, land].T
        if self.located:
            row, column = np.nonzero(land)
            rows[:, -PLACES], rows[:, -PLACES + 1] = climate.grid.lat[row], climate.grid.lon[column]
        start = np.ascontiguousarray(channels.climatology[:, :, land])
        for stamp, memories in self._memories(channels, start, lambda fields: fields[:, land]):
            if stamp.item() in wanted:
                rows[:, : self.memories] = memories.reshape(-1, memories.shape[-1]).T
                if self.located:
                    rows[:, -1] = _time(np.array([stamp]))
                yield wanted[stamp.item()], rows

    def _memories(self, channels: Channels, start: np.ndarray, seen) -> Iterator[tuple[np.datetime64, np.ndarray]]:
        """Month and (τ, channel, cell), overwritten by the next."""
        keeps, stamps = retention(self.time_constants), channels.climate.months
        memories = in_balance(start, int(calendar_month(stamps[:1])[0]), keeps)
        for stamp, values in zip(stamps, channels, strict=True):
            advance(memories, seen(values), keeps)
            yield stamp, memories


def _time(months: np.ndarray) -> np.ndarray:
    """(M,) months since 1970-01."""
    return months.astype("datetime64[M]").astype(np.int64).astype(np.float32)
