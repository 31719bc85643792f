"""Seeded random fields on a grid: fractal ones (a power-law spectrum) and smooth ones (random splines)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from gwkeras.core.grid import Grid


def generator(seed: int, name: str) -> np.random.Generator:
    """The random stream of one named thing, so that adding a thing does not change the others."""
    return np.random.default_rng(np.random.SeedSequence([seed, *name.encode()]))


@dataclass(frozen=True)
class FractalField:
    """Gaussian fields of zero mean and unit variance with the spectrum S(k) ∝ (1 + (k L)²)^(−slope/2).

    `slope` is 2 ν + 2 of a Matérn covariance: 3 gives exp(−d/L), less is rougher.
    Distances are in degrees of latitude; degrees of longitude are shortened by the middle latitude.

    Args:
        grid: where the fields live.
        length: L, degrees.
        slope: above 2.
    """

    grid: Grid
    length: float
    slope: float = 3.0

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One field, (n_lat, n_lon), float64."""
        noise = rng.standard_normal(self._padded)
        field = fft.irfft2(fft.rfft2(noise) * self._amplitude, s=self._padded)
        return field[: self.grid.n_lat, : self.grid.n_lon]

    def draws(self, rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
        """`count` independent fields, one at a time, (n_lat, n_lon), float32."""
        for _ in range(count):
            noise = rng.standard_normal(self._padded, dtype=np.float32)
            field = fft.irfft2(fft.rfft2(noise) * self._amplitude.astype(np.float32), s=self._padded)
            yield field[: self.grid.n_lat, : self.grid.n_lon]

    @cached_property
    def _padded(self) -> tuple[int, int]:
        # The spectrum makes periodic fields; without a margin the east of the region would know its west.
        rows = self.grid.n_lat + int(np.ceil(2 * self.length / self.grid.lat_step))
        cols = self.grid.n_lon + int(np.ceil(2 * self.length / (self.grid.lon_step * _shortening(self.grid))))
        return fft.next_fast_len(rows, real=True), fft.next_fast_len(cols, real=True)

    @cached_property
    def _amplitude(self) -> np.ndarray:
        rows, cols = self._padded
        k_lat = 2 * np.pi * np.fft.fftfreq(rows, self.grid.lat_step)
        k_lon = 2 * np.pi * np.fft.fftfreq(cols, self.grid.lon_step * _shortening(self.grid))
        power = (1 + self.length**2 * (k_lat[:, None] ** 2 + k_lon[None, :] ** 2)) ** (-self.slope / 2)
        return np.sqrt(power / power.mean())[:, : cols // 2 + 1]


@dataclass(frozen=True)
class SmoothField:
    """Gaussian fields of zero mean and unit variance, twice differentiable: cubic B-splines with random weights.

    Args:
        grid: where the fields live.
        length: spacing of the knots, degrees; fields decorrelate over about twice that.
    """

    grid: Grid
    length: float

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One field, (n_lat, n_lon), float64."""
        return self._rows @ rng.standard_normal((self._rows.shape[1], self._cols.shape[1])) @ self._cols.T

    def draws(self, rng: np.random.Generator, count: int, memory: float = 0.0) -> Iterator[np.ndarray]:
        """`count` fields, one at a time, (n_lat, n_lon), float32; `memory` is the correlation of one with the next."""
        rows, cols = self._rows.astype(np.float32), self._cols.astype(np.float32)
        knots = rng.standard_normal((rows.shape[1], cols.shape[1]), dtype=np.float32)
        for _ in range(count):
            yield rows @ knots @ cols.T
            fresh = rng.standard_normal(knots.shape, dtype=np.float32)
            knots = np.float32(memory) * knots + np.float32(np.sqrt(1 - memory**2)) * fresh

    @cached_property
    def _rows(self) -> np.ndarray:
        return _spline_basis(self.grid.n_lat, self.grid.lat_step / self.length)

    @cached_property
    def _cols(self) -> np.ndarray:
        return _spline_basis(self.grid.n_lon, self.grid.lon_step * _shortening(self.grid) / self.length)


def _shortening(grid: Grid) -> float:
    """Length of a degree of longitude in degrees of latitude, in the middle of the grid."""
    return max(0.2, float(np.cos(np.deg2rad((grid.south + grid.north) / 2))))


def _spline_basis(count: int, step: float) -> np.ndarray:
    """Cubic B-splines with knots one apart at positions `step` apart, each row of unit norm: (count, knots)."""
    position = (np.arange(count) + 0.5) * step
    knots = np.arange(-2, int(np.ceil(position[-1])) + 3)
    distance = np.abs(position[:, None] - knots[None, :])
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    basis = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    return basis / np.linalg.norm(basis, axis=1, keepdims=True)
