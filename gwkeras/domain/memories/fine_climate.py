"""Climate and maps at the fine grid of a domain: all that a prior may look at, and no storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.errors import MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.land_cells import OnLand

_ONE_WINDOW = 2**18  # cells of a grid that is not divided
_WINDOW = (64, 256)  # rows and columns of a window of a larger one: fields of it stay in the processor's cache


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
        whole: that this is a part of; None where it is the whole.
        place: rows and columns of the whole that it is; None: all.
        parts: fine cells along a side of its cells, more than 1 where it is a coarser one.
    """

    grid: Grid
    months: np.ndarray
    channels: Mapping[str, Any]
    static: Mapping[str, np.ndarray]
    land: np.ndarray
    cache: Path | None = None
    key: Any = None
    whole: FineClimate | None = None
    place: tuple[slice, slice] | None = None
    parts: int = 1
    _files: dict[str, DiskArray] = field(default_factory=dict, repr=False, compare=False)  # one for all parts

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
        return self.part(rows, slice(0, self.grid.n_lon))

    def part(self, rows: slice, columns: slice) -> FineClimate:
        """Some rows and columns, as a climate of its own."""
        top, left = (0, 0) if self.place is None else (self.place[0].start, self.place[1].start)
        return replace(
            self,
            grid=self.grid.window(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start),
            channels={name: _part(a, rows, columns) for name, a in self.channels.items()},
            static={name: a[rows, columns] for name, a in self.static.items()},
            land=self.land[rows, columns],
            whole=self.whole or self,
            place=(slice(top + rows.start, top + rows.stop), slice(left + columns.start, left + columns.stop)),
        )

    def coarser(self, parts: int) -> FineClimate:
        """The means over blocks of parts × parts cells, as a climate of its own; read anew where it is looked at.

        Args:
            parts: that divide rows and columns; 1: itself.
        """
        if parts == 1:
            return self
        return replace(
            self,
            grid=self.grid.coarsen(parts),
            channels={name: _Means(a, parts) for name, a in self.channels.items()},
            static={name: _means(a, parts) for name, a in self.static.items()},
            land=self.grid.block_mean(self.land, parts),
            key=[self.key, "coarser", parts],
            parts=self.parts * parts,
            _files={},
        )

    def windows(self, multiple: int = 1) -> list[tuple[slice, slice]]:
        """Rows and columns of windows that together hold all land; a small climate, or a band of one, is one.

        In a window of the globe a field takes little memory, and what is sea throughout takes neither time nor memory.

        Args:
            multiple: of which every window's edges are multiples, counted from the grid's south-western corner.
        """
        if not self.is_large:
            return [(slice(0, self.grid.n_lat), slice(0, self.grid.n_lon))]
        height, width = (max(1, side // multiple) * multiple for side in _WINDOW)
        found = []
        for row in range(0, self.grid.n_lat, height):
            for column in range(0, self.grid.n_lon, width):
                rows, columns = (
                    slice(row, min(row + height, self.grid.n_lat)),
                    slice(column, min(column + width, self.grid.n_lon)),
                )
                if (self.land[rows, columns] > 0).any():
                    found.append((rows, columns))
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_lat, n_lon)."""
        return self.grid.shape

    def by_row(self, values: np.ndarray) -> np.ndarray:
        """(n_lat,) of each parallel to what broadcasts with the grid."""
        return values[:, None]

    def of_grid(self, values: np.ndarray) -> np.ndarray:
        """Itself; see `LandCells.of_grid`."""
        return values

    def on_grid(self, values: np.ndarray) -> np.ndarray:
        """Itself; see `LandCells.on_grid`."""
        return values

    @property
    def inside(self) -> tuple[slice, slice]:
        """Rows and columns of the whole that it is."""
        return self.place or (slice(None), slice(None))

    @property
    def is_large(self) -> bool:
        """Whether it is, or is of, a climate that is worked window by window."""
        whole = (self.whole or self).grid
        return whole.n_lat * whole.n_lon * self.parts**2 > _ONE_WINDOW

    @property
    def band_rows(self) -> int:
        """Rows at least that are worked at once; 0: as many as memory asks for."""
        return _WINDOW[0] if self.is_large else 0

    def by_windows(self, layers: int, compute: Callable[[FineClimate], np.ndarray]) -> np.ndarray:
        """(layers, n_lat, n_lon) float32 of what `compute` makes of each window, (layers, …); 0 where there is none."""
        windows = self.windows()
        if len(windows) == 1 and windows[0] == (slice(0, self.grid.n_lat), slice(0, self.grid.n_lon)):
            return compute(self)
        result = np.zeros((layers, *self.grid.shape), dtype=np.float32)
        for rows, columns in windows:
            result[:, rows, columns] = compute(self.part(rows, columns))
        return result

    def kept(self, name: str, layers: int, compute: Callable[[FineClimate], np.ndarray]) -> Layers:
        """(layers, n_lat, n_lon) float32 that follows from the channels alone, computed once for the whole and then read.

        Args:
            name: of what it is; other channels, months or places are another thing by themselves.
            layers: its first axis.
            compute: makes it for a part.
        """
        whole = self.whole or self
        if whole.cache is None:
            return compute(self)
        key = [whole.key, name, sorted(whole.channels), [str(m) for m in whole.months[[0, -1]]]]
        step = 4 * whole.grid.n_lon * max(layers, 16)

        def of_rows(rows: slice) -> np.ndarray:
            return whole.band(rows).by_windows(layers, compute)

        if repr(key) not in self._files:
            shape, rows = (layers, *whole.grid.shape), whole.band_rows
            self._files[repr(key)] = cached_array(whole.cache, key, shape, of_rows, axis=1, step_bytes=step, at_least=rows)
        return _Part(self._files[repr(key)], *self.inside)


@dataclass(frozen=True)
class _Part:
    """Rows and columns of an array (C, n_lat, n_lon), read a month, or some, at a time."""

    array: Any
    rows: slice
    columns: slice

    def __getitem__(self, month: int | slice) -> np.ndarray:
        if isinstance(self.array, DiskArray):  # which is told how little is looked at
            return np.asarray(self.array[month, self.rows, self.columns])
        return np.asarray(self.array[month])[..., self.rows, :][..., self.columns]


@dataclass(frozen=True)
class _Means:
    """Means over blocks of an array (C, n_lat, n_lon), of a month, or some, at a time."""

    array: Any
    parts: int

    def __getitem__(self, month: int | slice) -> np.ndarray:
        return _means(np.asarray(self.array[month]), self.parts)

    def part(self, rows: slice, columns: slice) -> _Means:
        finer = (slice(each.start * self.parts, each.stop * self.parts) for each in (rows, columns))
        return _Means(_Part(self.array, *finer), self.parts)


def _part(array: Any, rows: slice, columns: slice) -> Any:
    """Rows and columns of an array, of which no more is looked at than they need."""
    return array.part(rows, columns) if isinstance(array, _Means) else _Part(array, rows, columns)


def _means(values: np.ndarray, parts: int) -> np.ndarray:
    """(..., n_lat, n_lon) to means over parts × parts cells, all alike: they differ in area by next to nothing."""
    blocks = (values[..., row::parts, column::parts] for row in range(parts) for column in range(parts))
    return sum(blocks, np.zeros((), values.dtype)) / np.asarray(parts**2, values.dtype)


Layers = np.ndarray | _Part | OnLand
"""What slices along its first axis."""
