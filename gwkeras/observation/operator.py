"""H: the product's cell values that a fine field would give, and the adjoint; by filters and block sums, never as a matrix."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from gwkeras.core.block_sums import block_sums
from gwkeras.core.errors import GridMismatch
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.observation.convolution import Convolution
from gwkeras.observation.point_spread import PointSpread

_FIELD_BYTES = 2**26  # of fine fields at once
_ANSWERS, _ANSWERS_BYTES = 4, 2**23
"""Kept: a month's prior, what kriging has made of it, and these of the month before; of small grids up to so many bytes."""


@dataclass(frozen=True, eq=False)
class Observation:
    """H = area × land block mean ∘ point spread, linear in the fine field.

    The filter works on the fine grid, the block mean comes second:

        (F x)_i = Σ_j W(ψ_ij) m_j x_j / Σ_j W(ψ_ij) d_j,    (H x)_c = Σ_{i in c} m_i (F x)_i / Σ_{i in c} m_i

    with m = area × land fraction; d = m for a filter over land, d = area for one over everything (the sea is zero, but counts).
    The kernel is cut where the grid ends and the weights renormalised there.

    Args:
        fine: the fine grid.
        factor: s; a product cell is a block of s × s fine cells.
        land: (s n_lat, s n_lon) land fraction of the fine cells, 0 … 1.
        point_spread: what the product's makers, or its satellites, have smoothed it by.
    Raises: GridMismatch: where `land` is not on the grid, or the grid is not a whole number of blocks.

    >>> h = Observation(Grid(0.0, 0.0, 0.25, 0.25, 2, 2), 2, np.array([[1.0, 1.0], [1.0, 0.0]]))
    >>> h(np.array([[1.0, 2.0], [3.0, np.nan]])).round(3).tolist()
    [[2.0]]
    """

    fine: Grid
    factor: int
    land: np.ndarray
    point_spread: PointSpread = field(default_factory=PointSpread)

    def __post_init__(self) -> None:
        if np.shape(self.land) != self.fine.shape or self.fine.n_lat % self.factor or self.fine.n_lon % self.factor:
            raise GridMismatch(
                "observation",
                expected=f"land fractions on {self.fine.describe()}, in whole blocks of {self.factor}",
                found=" × ".join(map(str, np.shape(self.land))),
                remedy="give both on the same grid, cut to whole product cells",
            )

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    @property
    def coarse(self) -> Grid:
        """The product's grid."""
        return self.fine.coarsen(self.factor)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """What the product would show of fine fields.

        Without a point spread this is `Grid.block_mean(values, factor, land)`, to the last bit.

        Args:
            values: (..., s n_lat, s n_lon) mm. What stands in cells without land is ignored; NaN where there is land is left
                out of both sums, as if the cell were not there, at a second filtering's cost.
        Returns: (..., n_lat, n_lon) mm, float64; NaN where a cell has no land (with data).
        """
        if self.point_spread.kind == "none":
            return self.fine.block_mean(values, self.factor, self.land)
        stack = np.asarray(values).reshape(-1, *self.fine.shape)
        if len(stack) == 1:  # a method, its fit and its error bars ask for the same field
            on_land = np.where(self._weights.mass > 0, stack, 0.0)
            key = hashlib.blake2b(np.ascontiguousarray(on_land).data, digest_size=16).digest()
            seen = self._latest.get(key, lambda: self._means(stack))
            return seen.reshape(*np.shape(values)[:-2], *self.coarse.shape).copy()
        result = np.empty((len(stack), *self.coarse.shape))
        at_once = max(1, _FIELD_BYTES // (8 * self.land.size))
        for start in range(0, len(stack), at_once):
            result[start : start + at_once] = self._means(stack[start : start + at_once])
        return result.reshape(*np.shape(values)[:-2], *self.coarse.shape)

    def adjoint(self, values: np.ndarray) -> np.ndarray:
        """Hᵀ y, so that Σ y · H x = Σ x · Hᵀ y.

        Args:
            values: (..., n_lat, n_lon) on the product's grid; NaN, and cells without land, count as 0.
        Returns: (..., s n_lat, s n_lon), float64; 0 where there is no land.
        """
        weights, values = self._weights, np.asarray(values)
        known = np.isfinite(values) & (weights.total > 0)
        share = nearest_upsample(np.where(known, values, 0.0) / np.where(weights.total > 0, weights.total, 1.0), self.factor)
        if self.point_spread.kind == "none":
            return weights.mass * share
        return weights.mass * self._convolution(weights.gain * share)

    def rows(self, cells: np.ndarray) -> np.ndarray:
        """The rows of H for a few product cells: what each fine cell weighs in each of them.

        Args:
            cells: (k, 2) row and column.
        Returns: (k, s n_lat, s n_lon); 0 throughout for a cell without land. Each row sums to 1 for a filter over land.
        """
        cells = np.asarray(cells, dtype=int).reshape(-1, 2)
        units = np.zeros((len(cells), *self.coarse.shape))
        units[np.arange(len(cells)), cells[:, 0], cells[:, 1]] = 1.0
        return self.adjoint(units)

    @cached_property
    def _latest(self) -> Latest[np.ndarray]:
        return Latest(max(_ANSWERS, _ANSWERS_BYTES // (8 * self.coarse.n_lat * self.coarse.n_lon)))

    @cached_property
    def _convolution(self) -> Convolution:
        return Convolution(self.fine, self.point_spread)

    @cached_property
    def _weights(self) -> _Weights:
        return self._weights_without(np.zeros(self.fine.shape, dtype=bool))

    def _weights_without(self, unknown: np.ndarray) -> _Weights:
        area = np.where(unknown, 0.0, self.fine.area)
        mass = area * self.land
        total = block_sums(mass, self.factor)
        if self.point_spread.kind == "none":
            return _Weights(mass, mass, total)
        reached = self._convolution(mass if self.point_spread.over == "land" else area)
        return _Weights(mass, np.divide(mass, reached, out=np.zeros(mass.shape), where=mass > 0), total)

    def _means(self, stack: np.ndarray) -> np.ndarray:
        ignored = ~np.isfinite(stack)
        unknown = ignored & (self._weights.mass > 0)
        filled = np.where(ignored, 0.0, stack)
        if not unknown.any():
            return self._observed(filled, self._weights)
        if (unknown == unknown[0]).all():
            return self._observed(filled, self._weights_without(unknown[0]))
        return np.stack([self._observed(part, self._weights_without(gap)) for part, gap in zip(filled, unknown, strict=True)])

    def _observed(self, values: np.ndarray, weights: _Weights) -> np.ndarray:
        summed = block_sums(self._convolution(values * weights.mass) * weights.gain, self.factor)
        return np.where(weights.total > 0, summed / np.where(weights.total > 0, weights.total, 1.0), np.nan)


@dataclass(frozen=True)
class _Weights:
    """Of the fine cells, and of the blocks.

    Args:
        mass: area × land fraction, km².
        gain: mass over the sum that normalises the filter.
        total: of each block's mass, km².
    """

    mass: np.ndarray
    gain: np.ndarray
    total: np.ndarray
