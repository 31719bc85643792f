"""A window on a domain, which may reach beyond its edges or around the globe."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Window:
    """A window on a domain of `shape` that may reach beyond its edges, or around the globe where it is periodic."""

    shape: tuple[int, int]
    row: int
    col: int
    height: int
    width: int
    periodic: bool = False

    def refined(self, factor: int) -> Window:
        return Window(
            (self.shape[0] * factor, self.shape[1] * factor),
            self.row * factor,
            self.col * factor,
            self.height * factor,
            self.width * factor,
            self.periodic,
        )

    def cut(self, values: np.ndarray, outside: float = 0.0) -> np.ndarray:
        """(..., n_lat, n_lon) -> (..., height, width)."""
        n_lat, n_lon = self.shape
        if self.periodic and (self.col < 0 or self.col + self.width > n_lon):
            values = np.take(values, np.arange(self.col, self.col + self.width) % n_lon, axis=-1)
            return replace(self, shape=(n_lat, self.width), col=0, periodic=False).cut(values, outside)
        top, bottom = (min(max(row, 0), n_lat) for row in (self.row, self.row + self.height))
        left, right = (min(max(col, 0), n_lon) for col in (self.col, self.col + self.width))
        inside = values[..., top:bottom, left:right]
        if inside.shape[-2:] == (self.height, self.width):
            return inside
        padded = np.full((*values.shape[:-2], self.height, self.width), outside, dtype=values.dtype)
        if inside.size:
            padded[..., top - self.row : bottom - self.row, left - self.col : right - self.col] = inside
        return padded
