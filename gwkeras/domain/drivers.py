"""What drives storage, on one grid: climate channels, static fields and the land share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month, calendar_month
from gwkeras.domain.array_cache import DiskArray, array_digest, cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.memories.exponential import in_balance, retention

_FORGOTTEN = 1e-6  # share of a month that a memory need not be told of


@dataclass(frozen=True)
class Drivers:
    """Everything but storage on one grid.

    Args:
        grid: the grid.
        calendar: the climate months, without gaps.
        channels: name -> (C, n_lat, n_lon); no NaN: cells without data carry their nearest neighbour's values. Maybe made when
            first asked for.
        static: name -> (n_lat, n_lon), likewise.
        land: (n_lat, n_lon) land fraction.
        cache: folder of the arrays.
        key: what determines the values.
    """

    grid: Grid
    calendar: Calendar
    channels: Mapping[str, DiskArray]
    static: dict[str, np.ndarray]
    land: np.ndarray
    cache: Path
    key: Any
    _latest: Latest[np.ndarray] = field(default_factory=Latest, repr=False, compare=False)

    def coarsen(self, factor: int, row: int = 0, col: int = 0) -> Drivers:
        """The layer on `grid.coarsen(factor, row, col)`: block means weighted by area × land."""
        coarse = self.grid.coarsen(factor, row, col)
        inner, rows, cols = self.blocks(factor, row, col)
        weights = self.land[rows, cols]
        # A block without land still needs a climate, since its neighbours' convolutions read it.
        weights = np.where(nearest_upsample(inner.block_mean(weights, factor) > 0, factor), weights, 1.0)
        key = [self.key, array_digest(self.land), factor, row, col]

        def block_means(name: str, array: DiskArray) -> DiskArray:
            def means(part: slice) -> np.ndarray:
                return inner.block_mean(array[part, rows, cols], factor, weights)

            return cached_array(self.cache, [key, name], (len(self.calendar), *coarse.shape), means, step_bytes=4 * weights.size)

        channels = {name: block_means(name, array) for name, array in self.channels.items()}
        static = {name: inner.block_mean(a[rows, cols], factor, weights).astype(np.float32) for name, a in self.static.items()}
        land = inner.block_mean(self.land[rows, cols], factor).astype(np.float32)
        return Drivers(coarse, self.calendar, channels, static, land, self.cache, key)

    def blocks(self, factor: int, row: int, col: int) -> tuple[Grid, slice, slice]:
        """The part of the grid that whole factor × factor blocks from (row, col) on cover: as a grid, rows and columns."""
        n_lat, n_lon = (n * factor for n in self.grid.coarsen(factor, row, col).shape)
        return self.grid.window(row, col, n_lat, n_lon), slice(row, row + n_lat), slice(col, col + n_lon)

    def prepare(self, covariates: tuple[Covariate, ...]) -> None:
        """Computes what `covariates` needs beside the channels, so that worker processes find it on disk."""
        for covariate in covariates:
            if covariate.kind in ("anomaly", "memory"):
                self._record_mean(covariate.channel)
            if covariate.kind == "memory" or (covariate.kind != "static" and covariate.months > 1):
                self._climatology(covariate.channel)

    def covariates(self, covariates: tuple[Covariate, ...], month: Month) -> np.ndarray:
        """(K, n_lat, n_lon) values of all covariates; the latest month is kept, since patches of one month come together."""
        return self._latest.get((covariates, str(month)), lambda: np.stack([self.covariate(c, month) for c in covariates]))

    def covariate(self, covariate: Covariate, month: Month) -> np.ndarray:
        """(n_lat, n_lon) values of a covariate for a month of the climate.

        A memory that reaches back before the record takes the record's own mean of the calendar month there: the value that
        says nothing.
        """
        if covariate.kind == "static":
            return self.static[covariate.channel]
        last = self.calendar.position(month)
        if covariate.kind == "memory":
            return self._memory(covariate, last)
        first = last - covariate.months + 1
        total = _sum_of_months(self.channels[covariate.channel], range(max(first, 0), last + 1))
        if first < 0:
            calendar = int(calendar_month(self.calendar.months[0])) - 1
            climatology = self._climatology(covariate.channel)
            for before, times in Counter((calendar + m) % 12 for m in range(first, 0)).items():
                total += times * climatology[before].astype(np.float64)
        values = total / covariate.months
        if covariate.kind == "anomaly":
            values -= self._record_mean(covariate.channel)[0]
        return values.astype(np.float32)

    def _memory(self, covariate: Covariate, last: int) -> np.ndarray:
        """(n_lat, n_lon) an exponential memory less the record's mean; before the record there were endless usual years."""
        keeps, record = retention([covariate.months]), self.channels[covariate.channel]
        a, first_month = float(keeps[0]), int(calendar_month(self.calendar.months[0]))
        climatology = np.asarray(self._climatology(covariate.channel), dtype=np.float64)
        total = a ** (last + 1) * in_balance(climatology, first_month, keeps)[0]
        for back in range(last + 1):
            if a**back < _FORGOTTEN:
                break
            total += (1 - a) * a**back * record[last - back]
        return (total - self._record_mean(covariate.channel)[0]).astype(np.float32)

    def _record_mean(self, channel: str) -> DiskArray:
        """(1, n_lat, n_lon)."""
        record = self.channels[channel]
        return cached_array(
            self.cache,
            [record.path.name, "mean"],
            (1, *self.grid.shape),
            lambda part: _sum_of_months(record, range(len(self.calendar)))[None] / len(self.calendar),
        )

    def _climatology(self, channel: str) -> DiskArray:
        """(12, n_lat, n_lon) means of the calendar months; that of the record where it lacks one."""
        record, calendar = self.channels[channel], calendar_month(self.calendar.months)

        def means(part: slice) -> np.ndarray:
            held = [np.flatnonzero(calendar == m + 1) for m in range(part.start, part.stop)]
            return np.stack([_sum_of_months(record, h) / len(h) if len(h) else self._record_mean(channel)[0] for h in held])

        return cached_array(
            self.cache, [record.path.name, "climatology", str(self.calendar.months[0])], (12, *self.grid.shape), means
        )


def _sum_of_months(record: DiskArray, months: Any) -> np.ndarray:
    """(n_lat, n_lon) float64, a month at a time: for the globe a year of a fine channel is half a gigabyte."""
    total = np.zeros(record.shape[1:])
    for month in months:
        total += record[month]
    return total
