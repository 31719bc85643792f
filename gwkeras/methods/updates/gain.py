"""The gain of one window and one set of known cells: made once, used for every month with that set."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.covariance import Covariance
from gwkeras.methods.updates.observed_cells import ObservedCells
from gwkeras.methods.updates.windows import Window
from gwkeras.methods.updates.zonal_tables import CellToFine

_CROSS_VALUES = 2**24  # of the covariance between observations and fine cells, up to which every fine cell's σ is computed
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
        """Hᵀ (H C Hᵀ + E + R)⁻¹ d: (n_lat, n_lon) residuals to what the tables carry to the fine grid, same shape."""
        return self.observed.operator().adjoint((self.precision @ self.observed.take(residual))[None])[0]


def fine_table(fine: Grid, factor: int, covariance: Covariance, rows: slice) -> CellToFine:
    """C between fine cells of some rows and product cells."""
    return CellToFine(fine, factor, tuple(covariance.amplitudes.tolist()), rows)


def posterior_variance(gain: Gain, window: Window, fine: Grid, factor: int, covariance: Covariance) -> np.ndarray:
    """diag(C − K H C) of the core's fine cells.

    Computed at every fine cell of small windows, else at every second or fourth row and column and interpolated.

    Returns: (factor · core_n_lat, factor · core_n_lon) mm².
    """
    observed = gain.observed
    rows, columns = window.core(factor)
    size = (rows.stop - rows.start) * (columns.stop - columns.start)
    step = 1
    while 2 * step <= factor and observed.count * size // step**2 > _CROSS_VALUES:
        step *= 2
    table = fine_table(fine, factor, covariance, slice(rows.start + step // 2, rows.stop, step))
    some = slice(columns.start + step // 2, columns.stop, step)
    count = len(range(rows.start + step // 2, rows.stop, step)) * len(range(some.start, some.stop, step))
    cross = np.empty((observed.count, count), dtype=np.float32)
    at_once = max(1, _AT_ONCE // (fine.n_lat * fine.n_lon // factor))
    unit = np.eye(observed.count)
    for start in range(0, observed.count, at_once):
        part = observed.operator().adjoint(unit[start : start + at_once])
        cross[start : start + at_once] = table(part, some).reshape(len(part), -1)
    explained = np.einsum("ij,ij->j", cross, gain.precision.astype(np.float32) @ cross, dtype=np.float64)
    variance = np.maximum(covariance.variance - explained, 0.0).reshape(-1, len(range(some.start, some.stop, step)))
    return variance if step == 1 else _between(variance, step, (rows.stop - rows.start, columns.stop - columns.start))


def _between(values: np.ndarray, step: int, shape: tuple[int, int]) -> np.ndarray:
    """Linear interpolation of values at cells step // 2, step // 2 + step, …; constant beyond the outermost."""
    for axis, size in enumerate(shape):
        known = np.arange(step // 2, size, step)
        values = np.apply_along_axis(lambda line: np.interp(np.arange(size), known, line), axis, values)  # noqa: B023
    return values
