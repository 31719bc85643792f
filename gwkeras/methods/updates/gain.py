"""The gain of one window and one set of known cells: made once, used for every month with that set."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.covariance import Covariance
from gwkeras.methods.updates.observed_cells import ObservedCells
from gwkeras.methods.updates.windows import Window
from gwkeras.methods.updates.zonal_tables import CellToFine, nodes_apart

_AT_ONCE = 2**21  # values of fields taken through the tables at once


@dataclass(frozen=True)
class Gain:
    """K = C Hᵀ (H C Hᵀ + E + R)⁻¹ of a window.

    Args:
        observed: n observations.
        precision: (n, n) the inverse.
    """

    observed: ObservedCells
    precision: np.ndarray = field(repr=False)

    def storage(self, residual: np.ndarray) -> np.ndarray:
        """Hᵀ (H C Hᵀ + E + R)⁻¹ d: (..., n_lat, n_lon) residuals to what the tables carry to the fine grid, same shape."""
        weights = self.observed.take(residual) @ self.precision  # which is symmetric
        return self.observed.stated.adjoint(weights.reshape(-1, weights.shape[-1])).reshape(residual.shape)


def fine_table(fine: Grid, factor: int, covariance: Covariance, rows: slice) -> CellToFine:
    """C between fine cells of some rows and product cells."""
    return CellToFine(fine, factor, tuple(covariance.amplitudes.tolist()), rows)


def posterior_variance(gain: Gain, window: Window, fine: Grid, factor: int, covariance: Covariance) -> np.ndarray:
    """diag(C − K H C) of the core's fine cells; computed at some of them and interpolated in blocks of many cells.

    Returns: (factor · core_n_lat, factor · core_n_lon) mm².
    """
    observed = gain.observed
    whole = factor
    every = nodes_apart(factor)  # σ of a block of many cells is smooth, too
    fine, factor = fine.coarsen(every), factor // every
    rows, columns = window.core(factor)
    table = fine_table(fine, factor, covariance, rows)
    n_rows, n_columns = rows.stop - rows.start, columns.stop - columns.start
    cross = np.empty((observed.count, n_rows * n_columns), dtype=np.float32)
    at_once = max(1, _AT_ONCE // (fine.n_lat * fine.n_lon))
    unit = np.eye(observed.count)
    for start in range(0, observed.count, at_once):
        part = observed.stated.adjoint(unit[start : start + at_once])
        cross[start : start + at_once] = table(part, columns).reshape(len(part), -1)
    precision, explained = gain.precision.astype(np.float32), np.empty(cross.shape[1])
    wide = max(1, _AT_ONCE // observed.count)
    for start in range(0, cross.shape[1], wide):
        part = cross[:, start : start + wide]
        explained[start : start + wide] = np.einsum("ij,ij->j", part, precision @ part, dtype=np.float64)
    variance = np.maximum(covariance.variance - explained, 0.0).reshape(n_rows, n_columns)
    shape = window.core_n_lat * whole, window.core_n_lon * whole
    return variance if variance.shape == shape else _between(variance, every, shape)


def _between(values: np.ndarray, step: int, shape: tuple[int, int]) -> np.ndarray:
    """Linear interpolation of values at cells step // 2, step // 2 + step, …; constant beyond the outermost."""
    for axis, size in enumerate(shape):
        known = np.arange(step // 2, size, step)
        values = np.apply_along_axis(lambda line: np.interp(np.arange(size), known, line), axis, values)  # noqa: B023
    return values
