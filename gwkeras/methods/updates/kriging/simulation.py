"""Gaussian fields with a given covariance on a latitude/longitude grid, exact along parallels: one small factor a wavenumber."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.kriging.covariance.zonal_tables import squared_chords

_LARGEST_BYTES = 2**30  # of factors
_JITTER = 1e-8  # of the variance; Gaussians of neighbouring rows are all but equal


@dataclass(frozen=True)
class Simulation:
    """Draws of a stationary field with mean 0.

    Args:
        grid: of the field.
        factors: (wavenumber, n_lat, n_lat) lower factors of the covariance between rows.
        length: columns after which the drawn field closes; what is beyond the grid is thrown away.
    """

    grid: Grid
    factors: np.ndarray
    length: int

    @classmethod
    def of(cls, grid: Grid, covariance: Callable[[np.ndarray], np.ndarray], reach_km: float) -> Simulation:
        """From the covariance as a function of squared distances, km².

        A circle is divided into equal parts no shorter than grid and reach; to repeat a covariance around it keeps it positive.

        Args:
            grid: of the fields.
            covariance: of squared chords, elementwise.
            reach_km: beyond which hardly anything of it is left.
        Raises: BadInput: where the grid is too large.
        """
        circle = round(360.0 / grid.lon_step)
        narrowest = max(float(np.cos(np.deg2rad(np.abs(grid.lat).max()))), 0.02)
        wanted = grid.n_lon + int(np.ceil(reach_km / (np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM * narrowest)))
        parts = max((p for p in range(1, circle + 1) if circle % p == 0 and circle // p >= wanted), default=1)
        length = circle // parts
        needed = 16 * grid.n_lat**2 * (length // 2 + 1)
        if needed > _LARGEST_BYTES:
            raise BadInput(
                "draws",
                expected=f"a region whose fields can be drawn in {_LARGEST_BYTES / 2**30:g} GiB",
                found=f"{grid.describe()}, which takes {needed / 2**30:.1f} GiB",
                remedy="take a smaller region",
            )
        apart = np.arange(circle // 2 + 1)
        rows = np.empty((length // 2 + 1, grid.n_lat, grid.n_lat))
        for number, lat in enumerate(grid.lat):
            values = covariance(squared_chords(np.array([lat]), grid.lat, apart * grid.lon_step)[0])
            around = np.arange(circle)
            whole = values[:, np.minimum(around, circle - around)]
            rows[:, number] = fft.rfft(whole, axis=-1).real[:, ::parts].T
        rows[:, np.arange(grid.n_lat), np.arange(grid.n_lat)] += _JITTER * length * float(covariance(np.zeros(1))[0])
        return cls(grid, np.linalg.cholesky(rows), length)

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """(count, n_lat, n_lon) fields that are independent of one another.

        Args:
            rng: for them.
            count: of fields.
        """
        wavenumbers, n_lat = self.factors.shape[:2]
        normal = rng.standard_normal((count, 2, wavenumbers, n_lat))
        normal[:, :, 1 : wavenumbers - 1 + self.length % 2] /= np.sqrt(2.0)  # all but those that are their own conjugates
        parts = np.ascontiguousarray(normal.transpose(2, 3, 1, 0)).reshape(wavenumbers, n_lat, 2 * count)
        real, imaginary = (self.factors @ parts).reshape(wavenumbers, n_lat, 2, count).transpose(2, 3, 1, 0)
        spectrum = real + 1j * imaginary
        return np.sqrt(self.length) * fft.irfft(spectrum, n=self.length, axis=-1)[..., : self.grid.n_lon]
