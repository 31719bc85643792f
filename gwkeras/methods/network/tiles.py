"""Tiles over a domain of coarse cells: cores that share it out, windows that hold what each core depends on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

_MOST_PARTS = 24  # along one axis, when the best tiling is sought


@dataclass(frozen=True)
class Span:
    """A tile along one axis: the core [first, last) and the window that starts at `start` and holds `length` cells."""

    first: int
    last: int
    start: int
    length: int


@dataclass(frozen=True)
class Axis:
    """One axis of a domain. `periodic`: its ends meet, so that windows run on around the globe."""

    cells: int
    periodic: bool = False

    def spans(self, core: int, halo: int, divisor: int) -> list[Span]:
        """Tiles with windows of one length.

        Cores start, and windows start and end, at multiples of `divisor`, so that every tile pools the cells that one pass
        over the domain pools. Windows end where the domain does (rounded up to `divisor`), so that every tile sees the border
        that one pass sees; a window cut short there reaches further on its other side instead.

        Args:
            core: coarse cells of a tile without its halo, rounded up to `divisor`; one as large as the axis makes one tile.
            halo: coarse cells on each side, rounded up to `divisor`.
            divisor: coarse cells that a window's ends are multiples of.
        """
        core, halo, whole = (-(-n // divisor) * divisor for n in (core, halo, self.cells))
        core = min(core, whole)
        firsts = range(0, whole, core)
        if self.periodic:
            return [Span(a, min(a + core, self.cells), a - halo, core + 2 * halo) for a in firsts]
        length = min(core + 2 * halo, whole)
        return [Span(a, min(a + core, self.cells), min(max(a - halo, 0), whole - length), length) for a in firsts]

    def footprint(self, span: Span, blend: int, factor: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where a tile counts on the fine grid, and how much.

        Args:
            blend: coarse cells on each side of a border between two cores over which one tile gives way to the next.
        Returns: indices of the domain, indices of the window, weights in (0, 1]; those of all tiles add up to one.
        """
        alone = span.last - span.first == self.cells
        before = blend if not alone and (self.periodic or span.first > 0) else 0
        after = blend if not alone and (self.periodic or span.last < self.cells) else 0
        low, high = span.first - before, span.last + after
        if not self.periodic:
            low, high = max(low, 0), min(high, self.cells)
        fine = np.arange(low * factor, high * factor)
        position = (fine + 0.5) / factor
        weights = np.ones(len(fine))
        if before:
            weights = np.minimum(weights, 0.5 + (position - span.first) / (2 * before))
        if after:
            weights = np.minimum(weights, 0.5 + (span.last - position) / (2 * after))
        return fine % (self.cells * factor), fine - span.start * factor, weights


@dataclass(frozen=True)
class Tile:
    """Rows and columns of one tile."""

    rows: Span
    cols: Span

    @property
    def core(self) -> tuple[slice, slice]:
        return slice(self.rows.first, self.rows.last), slice(self.cols.first, self.cols.last)

    @property
    def window(self) -> tuple[int, int, int, int]:
        """(row, col, height, width), as `Domain.sample` takes it."""
        return self.rows.start, self.cols.start, self.rows.length, self.cols.length

    @property
    def cells(self) -> int:
        return self.rows.length * self.cols.length


def tiles(axes: tuple[Axis, Axis], wanted: np.ndarray, core: int, halo: int, divisor: int) -> list[Tile]:
    """The tiles of `core` × `core` cells whose core holds a cell of `wanted` (n_lat, n_lon)."""
    return _tiles(axes, wanted, (core, core), halo, divisor)


def best_tiles(axes: tuple[Axis, Axis], wanted: np.ndarray, halo: int, divisor: int, cells_at_once: int) -> list[Tile]:
    """The tiling with the fewest cells to compute, halos included, among those with windows of at most `cells_at_once`.

    Where not even the smallest windows are that small, the smallest are taken.
    """
    parts = [sorted({-(-axis.cells // k) for k in range(1, _MOST_PARTS + 1)}, reverse=True) for axis in axes]
    best: tuple[tuple[bool, int], list[Tile]] | None = None
    for height, width in product(*parts):
        found = _tiles(axes, wanted, (height, width), halo, divisor)
        if not found:
            return []
        too_large = found[0].cells > cells_at_once
        cost = (too_large, found[0].cells if too_large else sum(tile.cells for tile in found))
        if best is None or cost < best[0]:
            best = cost, found
    return best[1] if best else []


def _tiles(axes: tuple[Axis, Axis], wanted: np.ndarray, core: tuple[int, int], halo: int, divisor: int) -> list[Tile]:
    rows, cols = (axis.spans(side, halo, divisor) for axis, side in zip(axes, core, strict=True))
    count = np.add.reduceat(
        np.add.reduceat(wanted.astype(np.int64), [s.first for s in rows], axis=0), [s.first for s in cols], axis=1
    )
    return [Tile(rows[i], cols[j]) for i, j in np.argwhere(count > 0)]
