"""Distances between all cells of a grid, by chords in space: nothing of the code under test."""

from __future__ import annotations

import numpy as np

from gwkeras.core.grid import Grid


def great_circles(grid: Grid) -> np.ndarray:
    """(cells, cells) radians between centres."""
    lat, lon = (angle.ravel() for angle in np.meshgrid(np.deg2rad(grid.lat), np.deg2rad(grid.lon), indexing="ij"))
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    chords = np.linalg.norm(points[:, None] - points[None], axis=2)
    return 2 * np.arcsin(np.minimum(chords / 2, 1.0))
