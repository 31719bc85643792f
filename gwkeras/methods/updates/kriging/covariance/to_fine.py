"""C Hᵀ x on the fine grid of a region of any size: smooth Gaussians by interpolation, short ones by bands of rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from scipy import fft
from scipy.interpolate import CubicSpline

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.circle import Circle, circle_length, half_rows, short_to_fine, smooth_rows
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance

_BAND = 12  # rows whose fine rows share a table


@dataclass(frozen=True, eq=False)
class ToFine:
    """What cells' means say of fine storage, by its covariance with them.

    Args:
        grid: of the cells.
        factor: s, fine cells along each side of a cell.
        covariance: of fine storage.
    """

    grid: Grid
    factor: int
    covariance: Covariance

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """(n_lat, n_lon) weights of the cells to (s n_lat, s n_lon) mm."""
        s, grid = self.factor, self.grid
        length = circle_length(grid)
        fine_waves = length * s // 2 + 1
        smooth = self._smooth.along(weights) * s  # (wavenumber, half row)
        out = np.zeros((fine_waves, grid.n_lat * s), dtype=np.complex64)
        out[: len(smooth)] = CubicSpline(half_rows(grid), smooth, axis=1)(grid.refine(s).lat)
        whole = fft.fft(weights.astype(np.float32), n=length, axis=-1).T  # (length, row)
        spectrum = whole[np.arange(fine_waves) % length]
        for rows, near, table in self._short:
            parts = np.stack([spectrum[:, near].real, spectrum[:, near].imag], axis=-1)
            found = table @ parts
            out[:, rows.start * s : rows.stop * s] += found[..., 0] + 1j * found[..., 1]
        out *= np.exp(-1j * np.pi * (s - 1) * np.arange(fine_waves) / (length * s))[:, None].astype(np.complex64)
        return self.covariance.variance * fft.irfft(out.T, n=length * s, axis=-1)[:, : grid.n_lon * s].astype(float)

    @cached_property
    def _smooth(self) -> Circle:
        return Circle.of(smooth_rows(self.grid, self.covariance.slope, half_rows(self.grid), self.factor, ends=1), self.grid)

    @cached_property
    def _short(self) -> list[tuple[slice, slice, np.ndarray]]:
        bands = [slice(row, min(row + _BAND, self.grid.n_lat)) for row in range(0, self.grid.n_lat, _BAND)]
        return [(band, *short_to_fine(self.grid, self.covariance.slope, self.factor, band)) for band in bands]
