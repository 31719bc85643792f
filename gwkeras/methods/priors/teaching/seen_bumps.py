"""Fields times smooth bumps, as the product would show them: features by which a prior's answer varies from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gwkeras.methods.priors.teaching.bumps import Bumps
from gwkeras.methods.priors.teaching.product import Teaching


@dataclass(frozen=True)
class SeenBumps:
    """H of field × bump, whitened.

    Args:
        bumps: on any lattice.
        teaching: cells, filter and metric.
    """

    bumps: Bumps
    teaching: Teaching

    def __call__(self, fields: np.ndarray) -> np.ndarray:
        """(n, n_lat, n_lon) on the teaching's grid to (n, bump, k)."""
        if not self.teaching.nearby:
            return self.teaching.whitened(fields[:, None] * self._shapes)
        flat, count = fields.reshape(len(fields), -1), len(self.bumps.lat) * len(self.bumps.lon)
        result, start = np.zeros((len(fields), count, len(self.teaching.cells)), dtype=np.float32), 0
        tiles = zip(self.teaching.nearby, self._near, self.teaching.metric.whiteners, strict=True)
        for tile, (which, shapes), factor in tiles:
            part = slice(start, start + len(factor))
            result[:, which, part] = tile.see(flat[:, None, tile.blocks] * shapes) @ factor.T
            start = part.stop
        return result

    @cached_property
    def _axes(self) -> tuple[np.ndarray, np.ndarray]:
        return self.bumps.axes(self.teaching.grid)

    @cached_property
    def _shapes(self) -> np.ndarray:
        """(bump, n_lat, n_lon)."""
        rows, columns = self._axes
        return (rows.T[:, None, :, None] * columns.T[None, :, None, :]).reshape(-1, *self.teaching.grid.shape)

    @cached_property
    def _near(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each tile the bumps that reach what it sees, and (those, n) their values there."""
        (rows, columns), found = self._axes, []
        for tile in self.teaching.nearby:
            row, column = np.unravel_index(tile.blocks, self.teaching.grid.shape)
            shapes = (rows[row].T[:, None] * columns[column].T[None]).reshape(-1, len(row))
            which = np.flatnonzero(shapes.any(axis=1))
            found.append((which, shapes[which]))
        return found
