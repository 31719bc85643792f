"""Kriging of a region of any size at once, without a filter: the system of all cells, solved by conjugate gradients.

No windows, so no seams; no gain to make or to keep, so any month may have gaps of its own. A month takes some dozen
products with the covariance, which is stationary along parallels and so a product of small matrices for each wavenumber.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from scipy import sparse

from gwkeras.core.grid import Grid
from gwkeras.core.latest import Latest
from gwkeras.methods.updates.kriging.covariance.circle import Circle, cell_rows, exponential_rows
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance, shares
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.to_fine import ToFine
from gwkeras.methods.updates.kriging.covariance.zonal_tables import CellToFine, ZonalTable, cell_tables, squared_chords
from gwkeras.methods.updates.kriging.solvers.conjugate_gradients import conjugate_gradients
from gwkeras.methods.updates.kriging.solvers.neighbourhoods import Neighbourhoods

_SMALL = 3000  # cells


@dataclass(frozen=True, eq=False)
class WholeRegion:
    """K = C Hᵀ (H C Hᵀ + R)⁻¹ for all cells of a region.

    Args:
        grid: the product's.
        factor: s.
        share: (n_lat, n_lon) land share of its cells.
        covariance: of fine storage.
        noise: of the product.
        deviation: (n_lat, n_lon) its typical standard deviation, mm.
    """

    grid: Grid
    factor: int
    share: np.ndarray
    covariance: Covariance
    noise: Noise
    deviation: np.ndarray

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def increment(self, residual: np.ndarray, known: np.ndarray, beyond: float = 1.0) -> np.ndarray:
        """K d, (s n_lat, s n_lon) mm, at sea too.

        Args:
            residual: (n_lat, n_lon) d, mm.
            known: (n_lat, n_lon) where it counts.
            beyond: factor on the noise's variance.
        Raises: BadInput: where the system cannot be solved.
        """
        rows = self._rows
        result = np.zeros(self.grid.refine(self.factor).shape)
        weights = self.weights(residual, known, beyond)[rows]
        inside = slice(rows.start * self.factor, rows.stop * self.factor)
        if self._is_small:
            result[inside] = self._fine(weights[None], slice(0, result.shape[1]))[0]
        else:
            result[inside] = self._to_fine(weights)
        return result

    def weights(self, residual: np.ndarray, known: np.ndarray, beyond: float = 1.0) -> np.ndarray:
        """(H C Hᵀ + R)⁻¹ d, (n_lat, n_lon); 0 where not known."""
        result = np.zeros(self.grid.shape)
        rows = self._rows
        there = known[rows]
        if not there.any():
            return result
        spread = np.where(there, np.sqrt(beyond) * self.deviation[rows], 0.0)
        right = np.where(there, residual[rows], 0.0)[there]
        factor = self._factor_of_the_inverse(known)
        field = np.zeros(there.shape)
        joint, alone = self.noise.correlated, (1 - self.noise.correlated) * spread[there] ** 2
        jitter = 1e-9 * (self.covariance.variance + float((spread[there] ** 2).mean()))

        def product(values: np.ndarray) -> np.ndarray:
            field[there] = values
            found = self.covariance.variance * self._cells(field[None])[0][there] + (alone + jitter) * values
            if joint > 0 and spread.any():
                found += joint * spread[there] * self._correlations((field * spread)[None])[0][there]
            return found

        result[rows][there] = conjugate_gradients(product, right, factor)
        return result

    @cached_property
    def _rows(self) -> slice:
        """Rows with land: of the others nothing is asked."""
        land = np.flatnonzero((self.share > 0).any(axis=1))
        return slice(int(land[0]), int(land[-1]) + 1) if len(land) else slice(0, 0)

    @cached_property
    def _grid(self) -> Grid:
        return self.grid.window(self._rows.start, 0, self._rows.stop - self._rows.start, self.grid.n_lon)

    @property
    def _is_small(self) -> bool:
        """Small enough for tables that are exact."""
        return self._grid.n_lat * self._grid.n_lon <= _SMALL

    @cached_property
    def _fine(self) -> CellToFine:
        fine = self._grid.refine(self.factor)
        return CellToFine(fine, self.factor, tuple(self.covariance.amplitudes.tolist()), slice(0, fine.n_lat))

    @cached_property
    def _cells(self) -> Circle | ZonalTable:
        if self._is_small:
            tables = cell_tables(self._grid.refine(self.factor), self.factor)
            return ZonalTable(np.tensordot(shares(self.covariance.slope), tables, axes=1))
        return Circle.of(cell_rows(self._grid, self.covariance.slope, self.factor), self._grid)

    @cached_property
    def _correlations(self) -> Circle | ZonalTable:
        if self._is_small:
            apart = np.arange(self._grid.n_lon) * self._grid.lon_step
            chords = np.sqrt(squared_chords(self._grid.lat, self._grid.lat, apart))
            return ZonalTable(np.exp(-chords / self.noise.length_km))
        return Circle.of(exponential_rows(self._grid, self.noise.length_km), self._grid)

    @cached_property
    def _to_fine(self) -> ToFine:
        return ToFine(self._grid, self.factor, self.covariance)

    def _factor_of_the_inverse(self, known: np.ndarray) -> sparse.csr_matrix:
        """That of the typical noise, which serves for other noise as well."""
        rows = self._rows
        return self._latest.get(
            known.tobytes().hex(), lambda: self._around.factor_of_the_inverse(known[rows], self.deviation[rows])
        )

    @cached_property
    def _around(self) -> Neighbourhoods:
        return Neighbourhoods(self._grid, self.factor, self.share[self._rows], self.covariance, self.noise)

    @cached_property
    def _latest(self) -> Latest[sparse.csr_matrix]:
        return Latest()
