"""The channels whose memories a prior weighs: nonlinear in the climate, computed at the fine grid, month after month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gwkeras.core.months import calendar_month, days_in_month
from gwkeras.domain.memories.fine_climate import FineClimate, Layers
from gwkeras.domain.memories.land_cells import LandCells
from gwkeras.domain.memories.water_balance import WaterBalance
from gwkeras.fields.pet import FREEZING_K, LATENT_HEAT, extraterrestrial_radiation, mid_month_day

_CAPACITIES = (80.0, 200.0)  # mm, a shallow and a deep soil
_DECADE = 120.0  # months
_AT_ONCE = 12  # months of a small climate
_MOST_KEPT = 2**28  # bytes of all months, on disk
_OF_BALANCE = ("snow", "rain_and_melt", "shallow_drainage", "deep_drainage", "deep_soil_water")

WATER = (
    "precipitation",
    "net_water_input",
    "net_water_gain",
    "moist_gain",
    "snow",
    "rain_and_melt",
    "shallow_drainage",
    "deep_drainage",
    "deep_soil_water",
    "deficit",
    "growing_deficit",
)
"""Channels in mm or mm month⁻¹."""


@dataclass(frozen=True)
class Channels:
    """Monthly channels of a climate, as anomalies from the record's mean (of its calendar means).

    What can be had depends on what the climate holds: P, P − ET, (P − ET)⁺, θ, θ · (P − ET)⁺, T; with P and T snow,
    rain + melt, what two soils drain and hold, the deficit (PET − P)⁺ and the deficit × time; and time itself, in decades.

    Args:
        climate: at the fine grid.
        land_alone: whether values are those of cells with land, on one axis, (cell,) for (n_lat, n_lon); see `LandCells`.
    """

    climate: FineClimate
    land_alone: bool = False

    @classmethod
    def of_land(cls, climate: FineClimate) -> Channels:
        """Of land alone in a large climate, which is mostly sea; of all cells of a small one."""
        return cls(climate, climate.is_large)

    @cached_property
    def cells(self) -> FineClimate | LandCells:
        """What they are of, and how that lies on the grid."""
        return LandCells(self.climate) if self.land_alone else self.climate

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the channels, in order."""
        has = self.climate.channels.keys()
        names: list[str] = [n for n in ("precipitation", "net_water_input", "soil_moisture", "temperature") if n in has]
        if "net_water_input" in has:
            names.append("net_water_gain")
            names += ["moist_gain"] if "soil_moisture" in has else []
        if self._has_balance:
            names += [*_OF_BALANCE, "deficit", "growing_deficit"]
        return (*names, "time") if names else ()

    @cached_property
    def means(self) -> dict[str, np.ndarray]:
        """Climate channel -> (n_lat, n_lon), the record's mean of its calendar means."""
        return {name: year.mean(axis=0) for name, year in self._mean_years.items()}

    @property
    def climatology(self) -> np.ndarray:
        """(12, channel, n_lat, n_lon) the anomalies' calendar means; they sum to 0 over the year."""
        return np.stack(list(self.usual_year()))

    def usual_year(self) -> Iterator[np.ndarray]:
        """(channel, n_lat, n_lon) of each calendar month, January first: `climatology`, a month at a time."""
        found, count = self._calendar_means, len(self.names)
        mean = self._mean_of(found)
        for start in range(0, 12 * count, count):
            yield found[start : start + count] - mean

    def __iter__(self) -> Iterator[np.ndarray]:
        """(channel, n_lat, n_lon) float32 of each month of the climate, in order."""
        mean = self._mean_of(self._calendar_means)
        for values in self.themselves():
            values -= mean
            yield values

    def _mean_of(self, calendar_means: Layers) -> np.ndarray:
        """(channel, n_lat, n_lon) of `_calendar_means`."""
        count = len(self.names)
        total = np.array(calendar_means[:count])
        for start in range(count, 12 * count, count):  # month by month: for the globe all are three gigabytes
            total += calendar_means[start : start + count]
        return total / np.float32(12)

    @property
    def _calendar_means(self) -> Layers:
        """(12 · channel, n_lat, n_lon) of the channels themselves."""

        def means(climate: FineClimate) -> np.ndarray:
            calendar, own = calendar_month(climate.months), Channels.of_land(climate)
            cells = own.cells
            total = np.zeros((12, len(self.names), *cells.shape), dtype=np.float32)
            for month, values in zip(calendar, own.themselves(), strict=True):
                total[month - 1] += values
            return cells.on_grid(per_month(total, calendar)).reshape(-1, *climate.grid.shape)

        return self.cells.kept("calendar means of channels", 12 * len(self.names), means)

    @property
    def _has_balance(self) -> bool:
        return {"precipitation", "temperature"} <= self.climate.channels.keys()

    @property
    def _mean_years(self) -> dict[str, np.ndarray]:
        """Climate channel -> (12, n_lat, n_lon); read anew each time, since for the globe it is a gigabyte."""
        names = sorted(self.climate.channels)

        def means(climate: FineClimate) -> np.ndarray:
            calendar, cells, years = calendar_month(climate.months), Channels.of_land(climate).cells, []
            for name in names:
                total = np.zeros((12, *cells.shape))
                for index, month in enumerate(calendar):
                    total[month - 1] += cells.channels[name][index]
                years.append(cells.on_grid(per_month(total, calendar).astype(np.float32)))
            return np.concatenate(years) if years else np.zeros((0, *climate.grid.shape), np.float32)

        if not names:
            return {}
        found = self.cells.kept("calendar means of climate", 12 * len(names), means)
        return {name: found[12 * n : 12 * n + 12] for n, name in enumerate(names)}

    def themselves(self) -> Iterator[np.ndarray]:
        """(channel, n_lat, n_lon) float32 of each month, not as anomalies, so that no mean of the record is asked for."""
        climate = self.cells
        balance = self._balance() if self._has_balance else None
        zero = np.zeros(climate.shape, dtype=np.float32)
        for index, (month, given) in enumerate(zip(climate.months, self._months(), strict=True)):
            now = dict(given)
            if "net_water_input" in now:
                now["net_water_gain"] = np.maximum(now["net_water_input"], 0)
                if "soil_moisture" in now:
                    now["moist_gain"] = now["soil_moisture"] * now["net_water_gain"]
            decades = np.float32((index - (len(climate.months) - 1) / 2) / _DECADE)
            if balance is not None:
                now |= zip(_OF_BALANCE, next(balance), strict=True)
                now["deficit"] = np.maximum(self._potential(month, now["temperature"]) - now["precipitation"], 0)
                now["growing_deficit"] = now["deficit"] * decades
            now["time"] = zero + decades
            yield np.stack([now[name] for name in self.names])

    def _months(self) -> Iterator[dict[str, np.ndarray]]:
        """Climate channel -> float32 of each month; of a region of ordinary size several are looked up at once."""
        count, channels = len(self.climate.months), self.cells.channels
        step = 1 if self.climate.is_large else _AT_ONCE
        for start in range(0, count, step):
            some = {name: np.asarray(array[start : start + step], dtype=np.float32) for name, array in channels.items()}
            for row in range(min(step, count - start)):
                yield {name: values[row] for name, values in some.items()}

    def _balance(self) -> Iterator[Sequence[np.ndarray]]:
        """`_OF_BALANCE` of each month; of a region of ordinary size computed once for all who ask."""
        count, months, whole = len(_OF_BALANCE), len(self.climate.months), self.climate.whole or self.climate
        size = 4 * count * months * whole.grid.n_lat * whole.grid.n_lon
        if whole.cache is None or whole.is_large or size > _MOST_KEPT:
            yield from self._computed_balance()
            return

        def layers(climate: FineClimate) -> np.ndarray:
            return np.concatenate([np.stack(month) for month in Channels(climate)._computed_balance()])

        kept = self.climate.kept("water balance", count * months, layers)
        for start in range(0, count * months, count * _AT_ONCE):
            some = kept[start : start + count * _AT_ONCE]
            yield from map(list, some.reshape(-1, count, *some.shape[1:]))

    def _computed_balance(self) -> Iterator[Sequence[np.ndarray]]:
        """`_OF_BALANCE` of each month."""
        balance = self._balance_at_start(int(calendar_month(self.climate.months[:1])[0]))
        for month, given in zip(self.climate.months, self._months(), strict=True):
            rain, warmth = given["precipitation"], given["temperature"]
            water, drained = balance.advance(rain, warmth, self._potential(month, warmth))
            yield balance.snow, water, *drained, balance.soil[1]

    def _balance_at_start(self, first: int) -> WaterBalance:
        """Stores in balance with the mean year that ends before calendar month `first`; found once for all who ask."""
        snow, *soil = self.cells.kept(f"balance before month {first}", 1 + len(_CAPACITIES), Channels._stores_in_balance)[:]
        return WaterBalance(_CAPACITIES, snow, np.stack(soil))

    @staticmethod
    def _stores_in_balance(climate: FineClimate) -> np.ndarray:
        """(1 + soil, n_lat, n_lon) mm: snow, and what each soil holds."""
        own, first = Channels.of_land(climate), int(calendar_month(climate.months[:1])[0])
        rain, warmth = own._mean_years["precipitation"], own._mean_years["temperature"]
        year = []
        for month in (np.arange(12) + first - 1) % 12:
            stamp = np.datetime64("2001-01", "M") + month
            year.append((rain[month], warmth[month], own._potential(stamp, warmth[month])))
        found = WaterBalance.in_balance(_CAPACITIES, year)
        return own.cells.on_grid(np.stack([found.snow, *found.soil]))

    def _potential(self, month: np.datetime64, temperature: np.ndarray) -> np.ndarray:
        """PET after Oudin, mm month⁻¹ (see `gwkeras.fields.pet.oudin`), of one month."""
        stamp = np.array([month])
        day, days = mid_month_day(stamp), days_in_month(stamp)
        key = int(day[0]), int(days[0])  # of which leap years have others
        if key not in self._scales:
            radiation = extraterrestrial_radiation(np.clip(self.climate.grid.lat, -90, 90), day) / LATENT_HEAT
            self._scales[key] = self.cells.by_row((radiation * days / 100).astype(np.float32))
        return self._scales[key] * np.maximum(temperature - (FREEZING_K - 5), 0)

    @cached_property
    def _scales(self) -> dict[tuple[int, int], np.ndarray]:
        """By the middle day of a month and its length, mm month⁻¹ K⁻¹."""
        return {}


def per_month(total: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """Sums of calendar months to means; a calendar month that a short record lacks takes the mean of those it holds."""
    counts = np.bincount(calendar, minlength=13)[1:]
    means = total / np.maximum(counts, 1).reshape(12, *(1,) * (total.ndim - 1)).astype(total.dtype)
    means[counts == 0] = means[counts > 0].mean(axis=0)
    return means
