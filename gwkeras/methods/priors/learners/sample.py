"""What a regression is fitted on: rows of months and cells, and the metric that errors count in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

_NOTHING = 1e-6  # a feature that varies less is not looked at


@dataclass(frozen=True)
class Sample:
    """Rows of some months and cells.

    Args:
        rows: (M, k, p) float32 features.
        values: (M, k) mm.
        use: (M, k) bool: which of them may be learned from.
        tiles: cells in each tile; cells stand tile after tile.
        whiteners: (cells, cells) of each tile: errors count as Σ (L⁻¹ e)².
        memories: how many of the features are memories; they come first.
    """

    rows: np.ndarray
    values: np.ndarray
    use: np.ndarray
    tiles: tuple[int, ...]
    whiteners: tuple[np.ndarray, ...]
    memories: int = 0

    def drawn(self, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(n, p) features and (n,) mm, drawn at random where there are more than `most`."""
        month, cell = np.nonzero(self.use)
        if len(month) > most:
            kept = np.sort(rng.choice(len(month), most, replace=False))
            month, cell = month[kept], cell[kept]
        return self.rows[month, cell], self.values[month, cell]

    def moments(self, columns: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of features over the rows that may be learned from, float32; infinite for what is constant.

        Args:
            columns: how many of the features, from the first on; None: all.
        """
        known = self.rows[self.use][:, :columns]
        deviation = known.std(axis=0, dtype=float)
        varying = np.where(deviation > _NOTHING, deviation, np.inf)
        return known.mean(axis=0, dtype=float).astype(np.float32), varying.astype(np.float32)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The cells of each tile."""
        return tuple(slice(begin, end) for begin, end in pairwise(np.cumsum([0, *self.tiles]).tolist()))

    @cached_property
    def whole(self) -> np.ndarray:
        """(M, tile) bool: whether all of a tile's cells may be learned from in a month."""
        return np.stack([self.use[:, cells].all(axis=1) for cells in self.slices], axis=1)

    @property
    def whole_cells(self) -> np.ndarray:
        """(M, k) bool: `whole`, cell by cell."""
        return np.repeat(self.whole, self.tiles, axis=1)

    @cached_property
    def scale(self) -> float:
        """mm, root mean square of the values that may be learned from."""
        return max(float(np.sqrt(np.mean(np.square(self.values[self.use], dtype=float)))), 1e-9)

    @cached_property
    def scaled_whiteners(self) -> tuple[np.ndarray, ...]:
        """W of each tile, for errors in units of `scale`: the mean of (W v)² over the values is 1."""
        squares = count = 0.0
        for tile, (cells, whitener) in enumerate(zip(self.slices, self.whiteners, strict=True)):
            white = self.values[self.whole[:, tile], cells].astype(np.float32) @ whitener.T
            squares, count = squares + float((white.astype(float) ** 2).sum()), count + white.size
        unit = np.sqrt(max(squares / max(count, 1.0), 1e-12)) / self.scale
        return tuple((whitener / unit).astype(np.float32) for whitener in self.whiteners)

    @cached_property
    def precisions(self) -> tuple[np.ndarray, ...]:
        """P = Wᵀ W of each tile; vᵀ P v of the values is their number."""
        return tuple(w.T @ w for w in self.scaled_whiteners)

    def moved(self, month: int, errors: np.ndarray) -> np.ndarray:
        """P e of a month's errors, (k,) -> (k,): the way downhill; 0 in tiles that are not whole."""
        result = np.zeros(len(errors), dtype=np.float32)
        for tile in np.flatnonzero(self.whole[month]):
            cells = self.slices[tile]
            result[cells] = self.precisions[tile] @ errors[cells]
        return result
