"""Σ Xᵀ V⁻¹ X, Σ Xᵀ V⁻¹ y and Σ yᵀ V⁻¹ y, apart for each span of months and group of tiles, so that any can be left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg.blas import ssyrk

from gwkeras.methods.priors.ridge.seen_features import Month
from gwkeras.methods.priors.teaching.product import Teaching

_CHUNK_BYTES = 2**26
_ADDING = 300  # rows of a product that take as long as adding it to the sums


@dataclass(frozen=True)
class NormalEquations:
    """Sums over the months of a span and the tiles of a group; features and values are anomalies from the training months' mean.

    Args:
        gram: (span, group, p, p).
        moment: (span, group, p).
        power: (span, group).
        count: (span, group) values.
    """

    gram: np.ndarray
    moment: np.ndarray
    power: np.ndarray
    count: np.ndarray

    @classmethod
    def accumulate(cls, months: Iterable[Month], teaching: Teaching, spans: int, groups: int) -> NormalEquations:
        """The sums over the training months among `months`.

        Args:
            months: every climate month, in order.
            teaching: values, and which of them are known.
            spans: of consecutive training months.
            groups: of neighbouring tiles.
        """
        sums = _Sums(teaching, min(spans, len(teaching.months)), min(groups, len(teaching.tiles)))
        position = {stamp: index for index, stamp in enumerate(teaching.months.tolist())}
        for month in months:
            index = position.get(month.stamp.item())
            if index is not None:
                sums.add(index, month.seen)
        return sums.finished()


def _active(features: np.ndarray) -> np.ndarray:
    """Positions of the features (p, month, cell) that are not 0 in all months and cells; one month mostly tells."""
    some: np.ndarray = np.any(features[:, 0], axis=1)
    return np.arange(len(some)) if some.all() else np.flatnonzero(features.any(axis=(1, 2)))


def _joined(tiles: list[slice], active: list[np.ndarray], months: int) -> tuple[list[slice], list[np.ndarray]]:
    """Neighbouring tiles as one where that is less work: a product of few rows takes less time than adding it to the sums.

    Args:
        tiles: of a large region, one after the other.
        active: features that are not 0 in each.
        months: that are multiplied at once.
    """
    found, features = [tiles[0]], [active[0]]
    for tile, own in zip(tiles[1:], active[1:], strict=True):
        last = found[-1]
        both = np.union1d(features[-1], own)
        rows, more = (_ADDING + months * (part.stop - part.start) for part in (last, tile))
        if len(both) ** 2 * (rows + more - _ADDING) <= len(features[-1]) ** 2 * rows + len(own) ** 2 * more:
            found[-1], features[-1] = slice(last.start, tile.stop), both
        else:
            found.append(tile)
            features.append(own)
    return found, features


class _Sums:
    """Adds month by month; products are formed for several months at once."""

    def __init__(self, teaching: Teaching, spans: int, groups: int) -> None:
        self.teaching = teaching
        self.white = teaching.metric.whiten(teaching.values.astype(np.float32))
        count = len(teaching.months)
        self.span_of = np.arange(count) * spans // count
        ends = np.cumsum([0, *teaching.tiles])
        tiles = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        self.groups = [[tiles[t] for t in part] for part in np.array_split(np.arange(len(tiles)), groups)]
        self.known = np.repeat(teaching.known, teaching.tiles, axis=1)  # (M, k)
        self.shape = (spans, groups)
        self.held: list[int] = []  # training months that lie in `buffer`
        self.buffer = np.zeros((0, 0, 0), dtype=np.float32)  # (p, month, k)
        self.gram, self.moment, self.total = np.zeros((*self.shape, 0, 0)), np.zeros((*self.shape, 0)), np.zeros((spans, 0, 0))

    def add(self, index: int, seen: np.ndarray) -> None:
        """Takes in the features (p, k) of training month `index`."""
        if not self.gram.size:
            p = len(seen)
            self.gram, self.moment = np.zeros((*self.shape, p, p)), np.zeros((*self.shape, p))
            self.total = np.zeros((self.shape[0], p, seen.shape[1]), dtype=np.float32)
            self.buffer = np.zeros((p, max(1, _CHUNK_BYTES // max(seen.nbytes, 1)), seen.shape[1]), dtype=np.float32)
        if self.held and self.span_of[self.held[0]] != self.span_of[index]:
            self._flush()
        np.multiply(seen, self.known[index], out=self.buffer[:, len(self.held)])
        self.held.append(index)
        if len(self.held) == self.buffer.shape[1]:
            self._flush()

    def _flush(self) -> None:
        indices, span = self.held, self.span_of[self.held[0]]
        together = self.buffer[:, : len(indices)]
        for number, tiles in enumerate(self.groups):
            active = [_active(together[:, :, cells]) for cells in tiles]
            if all(len(a) == len(together) for a in active):
                tiles, active = [slice(tiles[0].start, tiles[-1].stop)], active[:1]
            elif self.teaching.nearby:
                tiles, active = _joined(tiles, active, len(indices))
            for cells, a in zip(tiles, active, strict=True):
                if not len(a):
                    continue
                inside = together[:, :, cells]
                x = (inside if len(a) == len(together) else inside[a]).reshape(len(a), -1)
                product = ssyrk(1.0, x.T, trans=1)  # upper triangle
                if len(a) == len(together):
                    self.gram[span, number] += product
                else:
                    self.gram[span, number][np.ix_(a, a)] += product
                self.moment[span, number, a] += x @ self.white[indices, cells].reshape(-1)
        self.total[span] += together.sum(axis=1)
        self.held = []

    def finished(self) -> NormalEquations:
        """Anomalies' sums: Σ (x − m)(x − m)ᵀ = Σ x xᵀ − s mᵀ − m sᵀ + n m mᵀ, with s the span's sum."""
        if self.held:
            self._flush()
        known = self.known.astype(np.float32)
        mean = self.total.sum(axis=0) / np.maximum(known.sum(axis=0), 1)  # (p, k)
        power, count = np.zeros(self.shape), np.zeros(self.shape)
        for span in range(self.shape[0]):
            inside = self.span_of == span
            months = known[inside].sum(axis=0)  # (k,)
            values = self.white[inside] * known[inside]
            for number, tiles in enumerate(self.groups):
                cells = slice(tiles[0].start, tiles[-1].stop)
                upper = np.triu(self.gram[span, number])
                gram = upper + np.triu(upper, 1).T
                m, s = mean[:, cells], self.total[span][:, cells]
                cross = (s - m * months[cells] / 2) @ m.T
                self.gram[span, number] = gram - cross - cross.T
                self.moment[span, number] -= m @ values[:, cells].sum(axis=0)
                power[span, number] = (values[:, cells].astype(np.float64) ** 2).sum()
                count[span, number] = known[inside, cells].sum()
        return NormalEquations(self.gram, self.moment, power, count)
