"""Kriging of each product cell from the cells around it, without a filter: σ, and errors of leaving the cell out.

What lies four cells away tells no more about what a cell hides: σ from 7 × 7 cells differs from σ from all cells by less than
0.5 % (1.3 % where a third of the product is noise that is alike over 300 km). The mean is another matter: it takes all cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance, mixture
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.zonal_tables import cell_tables, squared_chords

REACH = 3  # cells on each side
_OFFSETS = np.stack(np.meshgrid(*(np.arange(-REACH, REACH + 1),) * 2, indexing="ij"), axis=-1).reshape(-1, 2)
_SOLVED_AT_ONCE = 512  # cells
_JITTER = 1e-9


@dataclass(frozen=True)
class _System:
    """As `Group`, before it is solved; `matrix` and `noise` are (g, n, n), `present` is (g, n), `near_rows` (n,)."""

    cells: np.ndarray
    near: np.ndarray
    near_rows: np.ndarray
    present: np.ndarray
    matrix: np.ndarray
    noise: np.ndarray
    which: np.ndarray


@dataclass(frozen=True)
class Group:
    """Cells of one row whose neighbours are known alike.

    Args:
        cells: (k, 2) row and column.
        neighbours: (k, n, 2) row and column of each one's neighbours, the same order for all; beyond an edge those of the cell.
        weights: (g, n, s · s + 2) K⁻¹ of the covariance with the s · s fine centres, of the cell's own noise, and of the cell.
        cross: (n, s · s) that covariance.
        noise: (g, n) the cell's own noise with its neighbours'.
        which: (k,) which of the g each cell has.
    """

    cells: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    cross: np.ndarray
    noise: np.ndarray
    which: np.ndarray


@dataclass(frozen=True)
class Neighbourhoods:
    """The systems of all cells of a region.

    Args:
        grid: the product's.
        factor: s.
        share: (n_lat, n_lon) land share of its cells.
        covariance: of fine storage.
        noise: of the product.
    """

    grid: Grid
    factor: int
    share: np.ndarray
    covariance: Covariance
    noise: Noise

    def variance(self, known: np.ndarray, deviation: np.ndarray, *, pinned: bool) -> np.ndarray:
        """(s n_lat, s n_lon) mm², of fine storage given the product; that of storage itself where there is no land.

        Args:
            known: (n_lat, n_lon) which cells the product gives.
            deviation: (n_lat, n_lon) standard deviation of its noise, mm.
            pinned: whether cells are shifted to their own means in the end, which adds the variance of R K⁻¹ d.
        """
        s = self.factor
        result = np.full((self.grid.n_lat, s, self.grid.n_lon, s), self.covariance.variance, dtype=np.float32)
        for group in self.groups(known, deviation):
            left = self.covariance.variance - np.einsum("nf,gnf->gf", group.cross, group.weights[:, :, : s * s])
            if pinned:
                left += np.einsum("gn,gn->g", group.noise, group.weights[:, :, -2])[:, None]
            rows, columns = group.cells.T
            result[rows, :, columns] = np.maximum(left, 0.0)[group.which].reshape(-1, s, s)
        return result.reshape(self.grid.n_lat * s, self.grid.n_lon * s)

    def left_out(self, values: np.ndarray, known: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean squared error of each known cell predicted from its neighbours, and what is expected of it.

        eᵢ = [K⁻¹ r]ᵢ / [K⁻¹]ᵢᵢ with variance 1 / [K⁻¹]ᵢᵢ (Dubrule 1983, Mathematical Geology 15, 687).

        Args:
            values: (month, n_lat, n_lon) mm, finite where known.
            known: (n_lat, n_lon) which cells have values.
            deviation: (n_lat, n_lon) standard deviation of the product's noise, mm.
        Returns: (n_lat, n_lon) each, mm²; 0 where not known.
        """
        squares, expected = np.zeros(self.grid.shape), np.zeros(self.grid.shape)
        filled = np.where(known, values, 0.0)
        middle = (2 * REACH + 1) ** 2 // 2
        for group in self.groups(known, deviation):
            mine = known[tuple(group.cells.T)]
            if not mine.any():
                continue
            weights = group.weights[group.which[mine], :, -1]  # (k, n)
            near = group.neighbours[mine]
            around = filled[:, near[..., 0], near[..., 1]]  # (month, k, n)
            rows, columns = group.cells[mine].T
            expected[rows, columns] = 1.0 / weights[:, middle]
            squares[rows, columns] = ((np.einsum("mkn,kn->mk", around, weights) / weights[:, middle]) ** 2).mean(axis=0)
        return squares, expected

    def factor_of_the_inverse(self, known: np.ndarray, deviation: np.ndarray) -> sparse.csr_matrix:
        """L with Lᵀ L ≈ K⁻¹ over the known cells, each cell given those before it that are near (Vecchia 1988).

        Args:
            known: (n_lat, n_lon) which cells the product gives.
            deviation: (n_lat, n_lon) standard deviation of the product's noise, mm.
        """
        size = 2 * REACH + 1
        middle = size**2 // 2
        number = np.where(known, np.cumsum(known.ravel()).reshape(known.shape) - 1, -1)
        rows, columns, values = [], [], []
        for system in self._systems(known, deviation):
            mine = known[tuple(system.cells.T)]
            if not mine.any():
                continue
            matrix, cross = system.matrix[:, :middle, :middle], system.matrix[:, :middle, middle]
            weights = _solved(matrix, cross[..., None])[..., 0]
            left = system.matrix[:, middle, middle] - (cross * weights).sum(axis=1)
            scale = 1.0 / np.sqrt(np.maximum(left, 1e-9 * system.matrix[:, middle, middle]))
            which, near = system.which[mine], system.near[mine]
            own = number[tuple(system.cells[mine].T)]
            others = np.where(system.present[which][:, :middle], number[near[:, :middle, 0], near[:, :middle, 1]], -1)
            found = others >= 0
            rows += [own, np.broadcast_to(own[:, None], others.shape)[found]]
            columns += [own, others[found]]
            values += [scale[which], (-weights * scale[:, None])[which][found]]
        shape = (int(known.sum()),) * 2
        indices = (np.concatenate(rows), np.concatenate(columns)) if rows else ([], [])
        return sparse.csr_matrix((np.concatenate(values) if values else [], indices), shape=shape)

    def groups(self, known: np.ndarray, deviation: np.ndarray) -> Iterator[Group]:
        """Cells with land, row by row, those of the same system together.

        Args:
            known: (n_lat, n_lon) which cells the product gives.
            deviation: (n_lat, n_lon) standard deviation of its noise, mm.
        """
        middle = (2 * REACH + 1) ** 2 // 2
        for system in self._systems(known, deviation):
            cross = self._cross(int(system.cells[0, 0]), system.near_rows)
            own = np.zeros(system.present.shape)
            own[:, middle] = system.present[:, middle]
            right = [np.where(system.present[:, :, None], cross, 0.0), system.noise[:, :, middle, None], own[:, :, None]]
            weights = _solved(system.matrix, np.concatenate(right, axis=2))
            yield Group(system.cells, system.near, weights, cross, system.noise[:, :, middle], system.which)

    def _systems(self, known: np.ndarray, deviation: np.ndarray) -> Iterator[_System]:
        diagonal = np.arange(len(_OFFSETS))
        apart = np.abs(_OFFSETS[:, None, 1] - _OFFSETS[None, :, 1])
        for row in range(self.grid.n_lat):
            columns = np.flatnonzero(self.share[row] > 0)
            near_rows = np.clip(_OFFSETS[:, 0] + row, 0, self.grid.n_lat - 1)
            index = near_rows[:, None], near_rows[None], apart
            for start in range(0, len(columns), _SOLVED_AT_ONCE):
                cells = np.stack(np.broadcast_arrays(row, columns[start : start + _SOLVED_AT_ONCE]), axis=1)
                near, there = self._around(cells)
                there &= known[near[..., 0], near[..., 1]]
                deviations = np.where(there, deviation[near[..., 0], near[..., 1]], -1.0)
                kinds, which = np.unique(deviations, axis=0, return_inverse=True)
                present, spread = kinds >= 0, np.maximum(kinds, 0.0)
                noise = spread[:, :, None] * spread[:, None] * (self.noise.correlated * self._correlations[index])
                noise[:, diagonal, diagonal] = spread**2
                both = present[:, :, None] & present[:, None]
                matrix = np.where(both, self.covariance.variance * self._cells[index] + noise, 0.0)
                matrix[:, diagonal, diagonal] = np.where(present, matrix[:, diagonal, diagonal] * (1 + _JITTER), 1.0)
                yield _System(cells, near, near_rows, present, matrix, noise, which.ravel())

    def _around(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        near = cells[:, None] + _OFFSETS[None]
        if self.grid.is_periodic:
            near[..., 1] %= self.grid.n_lon
        there = np.all((near >= 0) & (near < np.array(self.grid.shape)), axis=-1)
        return np.where(there[..., None], near, cells[:, None]), there

    def _cross(self, row: int, near_rows: np.ndarray) -> np.ndarray:
        """(n, s · s) covariance of neighbours' means with the fine centres of a cell in `row`."""
        s = self.factor
        fine = self.grid.refine(s)
        own = fine.lat[row * s : (row + 1) * s]
        unique, place = np.unique(near_rows, return_inverse=True)
        nodes = (unique[:, None] * s + np.arange(s)).ravel()
        apart = np.arange((REACH + 1) * s) * fine.lon_step
        points = mixture(self.covariance.amplitudes, squared_chords(own, fine.lat[nodes], apart))  # (s, row · s, apart)
        weight = fine.row_area[nodes].reshape(-1, s)
        weight = weight / weight.sum(axis=1, keepdims=True)
        means = np.einsum("rs,frsd->frd", weight, points.reshape(s, len(unique), s, -1))
        result = np.zeros((len(_OFFSETS), s, s))
        columns = np.arange(s)
        for node in range(s):
            distance = np.abs(_OFFSETS[:, 1][:, None] * s + node - columns[None])  # (n, s)
            result += means[:, place[:, None], distance].transpose(1, 0, 2) / s
        return result.reshape(len(_OFFSETS), s * s)

    @cached_property
    def _cells(self) -> np.ndarray:
        """(row, row, columns apart) covariance of cell means, of variance 1."""
        narrow = self.grid.window(0, 0, self.grid.n_lat, 2 * REACH + 1)
        shares = self.covariance.amplitudes / self.covariance.variance
        return np.tensordot(shares, cell_tables(narrow.refine(self.factor), self.factor), axes=1)

    @cached_property
    def _correlations(self) -> np.ndarray:
        """(row, row, columns apart) exp(−d / length) between cell centres."""
        apart = np.arange(2 * REACH + 1) * self.grid.lon_step
        return np.exp(-np.sqrt(squared_chords(self.grid.lat, self.grid.lat, apart)) / self.noise.length_km)


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        raise BadInput(
            "kriging",
            expected="a covariance of neighbouring product cells that can be factored",
            found=f"one of {matrix.shape[-1]} cells that is singular",
            remedy="raise update.least_noise_mm",
        ) from None
