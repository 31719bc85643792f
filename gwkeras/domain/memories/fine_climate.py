"""Climate and maps at the fine grid of a domain: all that a prior may look at, and no storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.errors import MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.domain.array_cache import cached_array
from gwkeras.domain.domain import Domain


@dataclass(frozen=True)
class FineClimate:
    """Climate of every month that the files hold, and maps.

    Args:
        grid: the fine grid.
        months: (C,) datetime64[M], consecutive.
        channels: name -> (C, n_lat, n_lon) without gaps, in canonical units; any array that slices.
        static: name -> (n_lat, n_lon) without gaps.
        land: (n_lat, n_lon) land fraction.
        cache: folder for what follows from it; None: nothing is kept.
        key: what determines the channels' values, with the grid's place.
        whole: that this is a band of; None where it is the whole.
        rows: of the whole that it is; None: all.
    """

    grid: Grid
    months: np.ndarray
    channels: Mapping[str, Any]
    static: Mapping[str, np.ndarray]
    land: np.ndarray
    cache: Path | None = None
    key: Any = None
    whole: FineClimate | None = None
    rows: slice | None = None

    @classmethod
    def of(cls, domain: Domain) -> FineClimate:
        """What a domain knows at its fine grid."""
        drivers, (top, left) = domain.fine_drivers, domain.fine_origin
        rows, columns = slice(top, top + domain.fine.n_lat), slice(left, left + domain.fine.n_lon)
        whole = drivers.grid.shape == domain.fine.shape
        return cls(
            domain.fine,
            drivers.calendar.months.astype("datetime64[M]"),
            {name: a if whole else _Part(a, rows, columns) for name, a in drivers.channels.items()},
            {name: np.asarray(a[rows, columns]) for name, a in drivers.static.items()},
            domain.land_fine,
            drivers.cache,
            [drivers.key, astuple(domain.fine)],
        )

    def require(self, months: np.ndarray, who: str) -> None:
        """Whether these months are all there to be learned from.

        Args:
            months: (M,) datetime64[M] of training.
            who: asks, for the message.
        Raises: MissingMonths: where one is not.
        """
        lacking = np.setdiff1d(months, self.months)
        if lacking.size:
            raise MissingMonths(
                who,
                expected="climate of every training month",
                found=f"none of {lacking[0]}",
                remedy="give climate files that cover the storage record",
            )

    def band(self, rows: slice) -> FineClimate:
        """The rows of a slice, as a climate of its own."""
        columns = slice(0, self.grid.n_lon)
        return replace(
            self,
            grid=self.grid.window(rows.start, 0, rows.stop - rows.start, self.grid.n_lon),
            channels={name: _Part(a, rows, columns) for name, a in self.channels.items()},
            static={name: a[rows] for name, a in self.static.items()},
            land=self.land[rows],
            whole=self.whole or self,
            rows=rows if self.rows is None else slice(self.rows.start + rows.start, self.rows.start + rows.stop),
        )

    def kept(self, name: str, layers: int, compute: Callable[[FineClimate], np.ndarray]) -> np.ndarray:
        """(layers, n_lat, n_lon) float32 that follows from the channels alone, computed once for the whole and then read.

        Args:
            name: of what it is; other channels, months or places are another thing by themselves.
            layers: its first axis.
            compute: makes it for a band of rows.
        """
        whole = self.whole or self
        if whole.cache is None:
            return compute(self)
        key = [whole.key, name, sorted(whole.channels), [str(m) for m in whole.months[[0, -1]]]]
        step = 4 * whole.grid.n_lon * max(layers, 16)

        def of_rows(rows: slice) -> np.ndarray:
            return compute(whole.band(rows))

        found = cached_array(whole.cache, key, (layers, *whole.grid.shape), of_rows, axis=1, step_bytes=step)
        return np.asarray(found[:, self.rows or slice(None)])


@dataclass(frozen=True)
class _Part:
    """Rows and columns of an array (C, n_lat, n_lon), read a month at a time."""

    array: Any
    rows: slice
    columns: slice

    def __getitem__(self, month: int) -> np.ndarray:
        return np.asarray(self.array[month])[..., self.rows, :][..., self.columns]
