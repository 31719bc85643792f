"""Features as the product would show them: memories of channels times maps, seen through H and whitened, month after month.

H is linear in space and a memory linear in time, so H is applied to map × channel once a month and the memories of all time
constants are kept on the product's cells. Nothing grows with months × features × fine cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from gwkeras.core.months import calendar_month
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import advance, in_balance
from gwkeras.methods.priors.teaching.product import Teaching

_SAMPLE = 4000  # fine cells by which a feature's size at the fine grid is measured


@dataclass(frozen=True)
class Month:
    """One climate month.

    Args:
        stamp: datetime64[M].
        seen: (feature, k) float32, whitened.
    """

    stamp: np.datetime64
    seen: np.ndarray


@dataclass(frozen=True)
class Block:
    """Features that are every combination of some channels, maps and time constants, by their positions."""

    channels: tuple[int, ...]
    maps: tuple[int, ...]
    constants: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.channels), len(self.maps), len(self.constants)

    @property
    def count(self) -> int:
        """Of features."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class _Place:
    """A window of the climate.

    Args:
        rows: of fine cells.
        columns: likewise.
        channels: of the window.
        weights: (n_lat, n_lon, s · s, map) on the teaching's grid.
    """

    rows: slice
    columns: slice
    channels: Channels
    weights: np.ndarray

    def blocks(self, factor: int) -> tuple[slice, slice]:
        """Rows and columns of the teaching's grid."""
        rows, columns = (slice(each.start // factor, each.stop // factor) for each in (self.rows, self.columns))
        return rows, columns

    def holds(self, cells: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """(k,) whether a cell, by row and column, lies in it."""
        (rows, columns), (row, column) = (self.rows, self.columns), cells
        return (row >= rows.start) & (row < rows.stop) & (column >= columns.start) & (column < columns.stop)


@dataclass
class SeenFeatures:
    """All features of a region, as a prior is taught on them.

    Args:
        channels: at the fine grid; in a large region at a coarser one, with as many cells as tell a product cell's means.
        maps: (map, n_lat, n_lon) float32, ones first, on the channels' grid.
        keeps: (τ,) retention.
        teaching: cells, and the metric.
        squares: (map, n_lat, n_lon) of the maps at the fine grid, whose means `maps` may be; None: of these.
        blocks: channels, maps and time constants, every combination of which is a feature, one block after the other.
        deviations: (feature,) at the fine grid over land and training months; known once all months have been seen.
    """

    channels: Channels
    maps: np.ndarray
    keeps: np.ndarray
    teaching: Teaching
    squares: np.ndarray | None = None
    blocks: tuple[Block, ...] = ()
    deviations: np.ndarray | None = None

    def __post_init__(self) -> None:
        whole = Block(*(tuple(range(n)) for n in (len(self.channels.names), len(self.maps), len(self.keeps))))
        self.blocks = self.blocks or (whole,)

    @property
    def factor(self) -> int:
        """Cells of the channels' grid along a side of the teaching's."""
        return self.teaching.factor // self.channels.climate.parts

    def dense(self, values: np.ndarray) -> np.ndarray:
        """(feature,) -> (channel, map, τ), 0 for what is no feature."""
        result = np.zeros((len(self.channels.names), len(self.maps), len(self.keeps)))
        start = 0
        for block in self.blocks:
            part = values[start : start + block.count]
            result[np.ix_(block.channels, block.maps, block.constants)] = part.reshape(block.shape)
            start += block.count
        return result

    def __iter__(self) -> Iterator[Month]:
        """Every month that is taught on, in order; what it yields is overwritten by the next."""
        channels, places = self.channels, self._places()
        months = channels.climate.months
        training = set(self.teaching.months.tolist())
        first = int(calendar_month(months[:1])[0])
        sample, sizes = self._sample()
        start, sampled = [], np.empty((12, len(channels.names), len(sample[0])), dtype=np.float32)
        for year, values in enumerate(_together([place.channels.usual_year() for place in places])):
            start.append(self._seen(values, places, sampled[year], sample))
        memories = [in_balance(np.stack(each), first, self.keeps[list(b.constants)]) for b, each in self._by_block(start)]
        seen = np.empty((sum(block.count for block in self.blocks), start[0][0].shape[-1]), dtype=np.float32)
        del start
        fine, now_sampled = in_balance(sampled, first, self.keeps), sampled[0]  # (τ, channel, sample)
        total, squares, count = np.zeros(fine.shape), np.zeros(fine.shape), 0
        for stamp, values in zip(months, _together([iter(place.channels) for place in places]), strict=True):
            position = 0
            for block, held, now in zip(self.blocks, memories, self._seen(values, places, now_sampled, sample), strict=True):
                advance(held, now, self.keeps[list(block.constants)])  # (τ, channel, map, k)
                if stamp.item() in training:
                    seen[position : position + block.count] = np.moveaxis(held, 0, 2).reshape(block.count, -1)
                position += block.count
            advance(fine, now_sampled, self.keeps)
            if stamp.item() in training:
                total += fine
                squares += fine.astype(np.float64) ** 2
                count += 1
                yield Month(stamp, seen)
            if count == len(training):
                break
        variance = np.maximum(squares / max(count, 1) - (total / max(count, 1)) ** 2, 0.0)  # (τ, channel, sample)
        dense = np.sqrt(np.einsum("tcx,mx->cmt", variance, sizes) / sizes.shape[1])
        self.deviations = np.concatenate([dense[np.ix_(b.channels, b.maps, b.constants)].ravel() for b in self.blocks])

    def _seen(
        self, windows: Iterator[np.ndarray], places: Sequence[_Place], sampled: np.ndarray, sample: tuple[np.ndarray, np.ndarray]
    ) -> list[np.ndarray]:
        """(channel, n_lat, n_lon) of each window -> (channel, map, k) of each block, whitened: H of each map × channel.

        Args:
            windows: of one month.
            places: of the windows.
            sampled: (channel, sample), to be filled.
            sample: rows and columns of the sample.
        """
        means = [
            np.zeros((len(block.channels), len(block.maps), *self.teaching.grid.shape), dtype=np.float32) for block in self.blocks
        ]
        for place, found in zip(places, windows, strict=True):
            inside, values = place.holds(sample), place.channels.cells.on_grid(found)
            sampled[:, inside] = values[:, sample[0][inside] - place.rows.start, sample[1][inside] - place.columns.start]
            for block, into in zip(self.blocks, means, strict=True):
                blocks = self._block_means(values[list(block.channels)], place.weights[..., list(block.maps)])
                into[..., *place.blocks(self.factor)] = blocks
        return [self.teaching.whitened(each) for each in means]

    def _by_block(self, months: list[list[np.ndarray]]) -> Iterator[tuple[Block, list[np.ndarray]]]:
        return zip(self.blocks, map(list, zip(*months, strict=True)), strict=True)

    def _block_means(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(channel, n_lat, n_lon) of a window -> (channel, map, n_lat, n_lon) on the teaching's grid."""
        s = self.factor
        n_lat, n_lon = values.shape[-2] // s, values.shape[-1] // s
        blocks = values.reshape(-1, n_lat, s, n_lon, s).transpose(1, 3, 0, 2, 4).reshape(n_lat, n_lon, -1, s * s)
        return np.moveaxis(blocks @ weights, (2, 3), (0, 1))

    def parts(self, weights: np.ndarray, groups: Sequence[np.ndarray]) -> np.ndarray:
        """Block means, on the teaching's grid, of Σ weight × feature over each group of memories, before H blurs them.

        Args:
            weights: (channel, map, τ) mm per unit.
            groups: (τ, channel) bool each.
        Returns: (M, group, n_lat, n_lon) mm, in the teaching's months.
        """
        channels, places = self.channels, self._places()
        months, grid = channels.climate.months, self.teaching.grid
        by_store = np.stack([np.moveaxis(weights, 2, 0) * group[:, :, None] for group in groups])  # (group, τ, channel, map)
        shares = by_store.reshape(len(groups) * len(self.keeps), -1).astype(np.float32)

        def flows(windows: Iterator[np.ndarray]) -> np.ndarray:
            result = np.zeros((len(groups), len(self.keeps), *grid.shape), dtype=np.float32)
            for place, values in zip(places, windows, strict=True):
                means = self._block_means(place.channels.cells.on_grid(values), place.weights)
                found = shares @ means.reshape(shares.shape[1], -1)
                result[..., *place.blocks(self.factor)] = found.reshape(*result.shape[:2], *means.shape[2:])
            return result

        years = _together([place.channels.usual_year() for place in places])
        start, first = np.stack([flows(year) for year in years]), int(calendar_month(months[:1])[0])
        held = np.stack([in_balance(start[:, :, t], first, self.keeps[t : t + 1])[0] for t in range(len(self.keeps))])
        position = {stamp: index for index, stamp in enumerate(self.teaching.months.tolist())}
        result = np.zeros((len(position), len(groups), *grid.shape), dtype=np.float32)
        for stamp, values in zip(months, _together([iter(place.channels) for place in places]), strict=True):
            for memory, flow, a in zip(held, np.moveaxis(flows(values), 1, 0), self.keeps, strict=True):
                advance(memory[None], flow, np.array([a]))
            if stamp.item() in position:
                result[position[stamp.item()]] = held.sum(axis=0)
                if position[stamp.item()] == len(result) - 1:
                    break
        return result

    def _places(self) -> list[_Place]:
        """The windows that the climate is worked in."""
        climate = self.channels.climate
        return [
            _Place(rows, columns, Channels.of_land(climate.part(rows, columns)), self._weights(rows, columns))
            for rows, columns in climate.windows(self.factor)
        ]

    def _weights(self, rows: slice, columns: slice) -> np.ndarray:
        """(n_lat, n_lon, s · s, map) of a window: area × land × map, over the block's area × land."""
        s, climate = self.factor, self.channels.climate
        mass = (climate.grid.area * climate.land)[rows, columns]
        n_lat, n_lon = mass.shape[0] // s, mass.shape[1] // s
        total = mass.reshape(n_lat, s, n_lon, s).sum(axis=(1, 3))
        share = mass.reshape(n_lat, s, n_lon, s) / np.where(total > 0, total, 1.0)[:, None, :, None]
        weighted = self.maps[:, rows, columns].reshape(-1, n_lat, s, n_lon, s) * share
        return np.ascontiguousarray(weighted.transpose(1, 3, 2, 4, 0).reshape(n_lat, n_lon, s * s, -1), dtype=np.float32)

    def _sample(self) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Rows and columns of some cells on land, evenly taken, and the squares of the maps there."""
        land = np.argwhere(self.channels.climate.land > 0)
        chosen = land[np.unique(np.linspace(0, len(land) - 1, min(_SAMPLE, len(land))).astype(int))]
        cells = chosen[:, 0], chosen[:, 1]
        squares = self.maps[:, *cells].astype(np.float64) ** 2 if self.squares is None else self.squares[:, *cells]
        return cells, squares


def _together(streams: Sequence[Iterator[np.ndarray]]) -> Iterator[Iterator[np.ndarray]]:
    """Month after month, what each of the streams has of it, one by one; each month is to be used up before the next."""
    while streams:
        try:
            first = next(streams[0])
        except StopIteration:
            return
        yield chain((first,), (next(stream) for stream in streams[1:]))
