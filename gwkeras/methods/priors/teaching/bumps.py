"""Gaussian bumps on a lattice: smooth fields of few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

_MOST_BUMPS = 256  # over a region of any size
_WIDTH = 1.0  # standard deviation of a bump, in spacings


@dataclass(frozen=True)
class Bumps:
    """Gaussian bumps on a lattice.

    Args:
        lat: (J₁,) degrees.
        lon: (J₂,) degrees.
        lat_width: standard deviation, degrees.
        lon_width: likewise.
    """

    lat: np.ndarray
    lon: np.ndarray
    lat_width: float
    lon_width: float

    @classmethod
    def over(cls, grid: Grid, spacing_km: float) -> Bumps:
        """A lattice that covers a grid, of about that spacing; wider where there would be too many."""
        km = np.deg2rad(1.0) * EARTH_RADIUS_KM
        stretch = max(float(np.cos(np.deg2rad((grid.south + grid.north) / 2))), 0.2)
        sides = (grid.north - grid.south) * km, (grid.east - grid.west) * km * stretch
        spacing_km = max(spacing_km, float(np.sqrt(sides[0] * sides[1] / _MOST_BUMPS)))
        counts = [max(1, round(side / spacing_km)) for side in sides]
        lat = grid.south + (np.arange(counts[0]) + 0.5) * (grid.north - grid.south) / counts[0]
        lon = grid.west + (np.arange(counts[1]) + 0.5) * (grid.east - grid.west) / counts[1]
        return cls(lat, lon, _WIDTH * (grid.north - grid.south) / counts[0], _WIDTH * (grid.east - grid.west) / counts[1])

    @property
    def go_around(self) -> bool:
        """Whether they cover the globe, and so reach across the line where its columns begin."""
        return len(self.lon) > 0 and abs(len(self.lon) * self.lon_width / _WIDTH - 360.0) < 1e-6

    def axes(self, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
        """(n_lat, J₁) and (n_lon, J₂): a bump is the product of one column of each."""
        rows = _bell((grid.lat[:, None] - self.lat) / self.lat_width)
        east = grid.lon[:, None] - self.lon
        if self.go_around:
            east = (east + 180.0) % 360.0 - 180.0
        return rows, _bell(east / self.lon_width)

    def field(self, weights: np.ndarray, grid: Grid) -> np.ndarray:
        """(..., J₁, J₂) weights to (..., n_lat, n_lon)."""
        rows, columns = self.axes(grid)
        return rows @ weights.astype(np.float32) @ columns.T


def _bell(distance: np.ndarray) -> np.ndarray:
    """exp(−d² / 2), float32; nothing beyond three standard deviations, so that far tiles have nothing to sum."""
    return np.where(np.abs(distance) < 3.0, np.exp(-(distance**2) / 2), 0.0).astype(np.float32)
