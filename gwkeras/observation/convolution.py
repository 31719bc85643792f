"""Sums over the sphere weighted by the Gaussian kernel, between all cells of a grid, by Fourier series along the parallels.

On a latitude/longitude grid the kernel of a pair of rows depends on the difference of longitudes alone. Its cosine series turns
the double sum over cells into one product of matrices for each wavenumber, and a wide kernel needs few wavenumbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from scipy import fft

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.observation.point_spread import PointSpread
from gwkeras.observation.zonal_coefficients import NEGLIGIBLE, orders_needed, zonal_coefficients

_BLOCK_ROWS = 64
_KEPT_BYTES = 3 * 2**28  # of coefficients, a globe of 0.125° behind 250 km; more than that are computed anew in each call
_WORKING_BYTES = 2**27  # of fields at once

Block = tuple[slice, slice, np.ndarray]
"""Rows of the result, the rows that reach them, and (wavenumber, row, row) coefficients."""


@dataclass(frozen=True)
class Convolution:
    """y_i = Σ_j W(ψ_ij) x_j over all cells j of a grid; ψ between cell centres. Symmetric, so it is its own adjoint.

    Exact to 1e-11 of the kernel's peak, at the poles and across the dateline too. Nothing is normalised.

    Args:
        grid: any; where it does not close around the globe, there is nothing beyond its edges.
        spread: a Gaussian.
    Raises: BadInput: where the half-weight distance is less than half a cell, which the grid cannot show.
    """

    grid: Grid
    spread: PointSpread

    def __post_init__(self) -> None:
        cell = self.grid.height_km
        if self.spread.kind != "gaussian" or self.spread.half_weight_km < cell / 2:
            raise BadInput(
                "point spread",
                expected=f"a Gaussian, half weight at {cell / 2:.3g} km or farther (half a cell of {self.grid.describe()})",
                found=self.spread.describe(),
                remedy="choose kind: none, which is the block mean alone, or a finer grid",
            )

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    @cached_property
    def every(self) -> int:
        """p: the circle is repeated p times, so that only each p-th wavenumber is needed; 1 for wide grids and near a pole.

        The repeated kernels must not reach the grid: a meridian Δλ away is no closer than arcsin(cos φ sin Δλ).
        """
        width = np.deg2rad((self.grid.n_lon - 1) * self.grid.lon_step)
        narrowest = np.cos(np.abs(self._lat).max())
        repeat = 1
        while True:
            gap = min(2.0 * np.pi / (repeat + 1) - width, np.pi / 2)
            if gap <= 0 or np.arcsin(narrowest * np.sin(gap)) <= self._reach:
                return repeat
            repeat += 1

    @cached_property
    def basis(self) -> np.ndarray:
        """(n_lon, 2 K): cosines, then sines, of K wavenumbers at the columns' longitudes."""
        largest = self.spread.sharpness * float(np.cos(self._lat).max()) ** 2
        count = -(-orders_needed(largest) // self.every) + 1
        angle = np.deg2rad(self.grid.lon_step) * np.arange(self.grid.n_lon)[:, None] * (self.every * np.arange(count))
        return np.concatenate([np.cos(angle), np.sin(angle)], axis=1)

    def blocks(self) -> Iterator[Block]:
        """Coefficients by blocks of rows, each with the rows that reach it; kept where they are few."""
        yield from self._kept if self._kept is not None else self._computed()

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Sums for a field or a stack of fields.

        Args:
            values: (..., n_lat, n_lon), finite.
        Returns: the same shape, float64.
        """
        stack = np.asarray(values, dtype=float).reshape(-1, *self.grid.shape)
        result = np.empty_like(stack)
        bytes_each = 8 * self.grid.n_lat * (2 * self.basis.shape[1] + self.grid.n_lon)
        at_once = max(1, _WORKING_BYTES // bytes_each)
        for start in range(0, len(stack), at_once):
            result[start : start + at_once] = self._sums(stack[start : start + at_once])
        return result.reshape(np.shape(values))

    def _sums(self, stack: np.ndarray) -> np.ndarray:
        number, n_lat, n_lon = stack.shape
        count = self.basis.shape[1] // 2
        if self._is_whole_circle:
            waves = fft.rfft(stack, axis=-1)[..., :count].view(float).reshape(number, n_lat, count, 2)
            spectrum = np.ascontiguousarray(waves.transpose(2, 1, 0, 3)).reshape(count, n_lat, 2 * number)
        else:
            spectrum = (stack.reshape(-1, n_lon) @ self.basis).reshape(number, n_lat, 2, count)
            spectrum = np.ascontiguousarray(spectrum.transpose(3, 1, 0, 2)).reshape(count, n_lat, 2 * number)
        summed = np.empty_like(spectrum)
        for rows, reached, coefficients in self.blocks():
            np.matmul(coefficients, spectrum[:, reached], out=summed[:, rows])
        summed = summed.reshape(count, n_lat, number, 2)
        if self._is_whole_circle:
            waves = np.ascontiguousarray(summed.transpose(2, 1, 0, 3)).view(complex)[..., 0]
            waves[..., 1:] *= n_lon / 2
            waves[..., 0] *= n_lon
            return fft.irfft(waves, n=n_lon, axis=-1)
        back = np.ascontiguousarray(summed.transpose(2, 1, 3, 0))
        return (back.reshape(number * n_lat, 2 * count) @ self.basis.T).reshape(number, n_lat, n_lon)

    @property
    def _is_whole_circle(self) -> bool:
        """Whether the columns close around the globe, and tell all wavenumbers apart: then they need no sums over cosines."""
        return self.grid.is_periodic and self.every == 1 and self.basis.shape[1] < self.grid.n_lon

    @cached_property
    def _lat(self) -> np.ndarray:
        return np.deg2rad(self.grid.lat)

    @property
    def _reach(self) -> float:
        """The distance in radians at which nothing is left of the kernel."""
        return float(np.arccos(1.0 - min(-np.log(NEGLIGIBLE) / self.spread.sharpness, 2.0)))

    @cached_property
    def _kept(self) -> tuple[Block, ...] | None:
        size = sum((rows.stop - rows.start) * (reached.stop - reached.start) for rows, reached in self._bands())
        return tuple(self._computed()) if 8 * size * (self.basis.shape[1] // 2) <= _KEPT_BYTES else None

    def _computed(self) -> Iterator[Block]:
        count = self.basis.shape[1] // 2
        for rows, reached in self._bands():
            found = zonal_coefficients(self.spread.sharpness, self._lat[rows], self._lat[reached], self.every, count)
            yield rows, reached, found

    def _bands(self) -> Iterator[tuple[slice, slice]]:
        """Blocks of rows, and the rows near enough to show in them."""
        reach = int(np.ceil(self._reach / np.deg2rad(self.grid.lat_step)))
        for start in range(0, self.grid.n_lat, _BLOCK_ROWS):
            stop = min(start + _BLOCK_ROWS, self.grid.n_lat)
            yield slice(start, stop), slice(max(start - reach, 0), min(stop + reach, self.grid.n_lat))
