"""The gain of one window and one set of known cells: made once, used for every month with that set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.zonal_tables import CellToFine
from gwkeras.methods.updates.kriging.solvers.windows import Window

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


FineTable = Callable[[Grid, int, Covariance, slice], CellToFine]
"""As `fine_table`."""


def cross_covariance(
    observed: ObservedCells,
    window: Window,
    nodes: Grid,
    covariance: Covariance,
    points_apart: int = 1,
    tables: FineTable | None = None,
) -> tuple[np.ndarray, tuple[int, int]]:
    """H C of points in the core of a window: (n, points) mm², and how many points there are along each axis.

    Args:
        observed: n observations.
        window: whose core is asked for.
        nodes: the points that its cells' means are taken over.
        covariance: of fine storage.
        points_apart: nodes from one point to the next.
        tables: makes the table between points and cells; None: `fine_table`.
    """
    factor = nodes.n_lat // window.n_lat
    inner, outer = window.core(factor)
    rows, columns = (slice(part.start, part.stop, points_apart) for part in (inner, outer))
    table = (tables or fine_table)(nodes, factor, covariance, rows)
    shape = len(range(nodes.n_lat)[rows]), len(range(nodes.n_lon)[columns])
    cross = np.empty((observed.count, shape[0] * shape[1]), dtype=np.float32)
    at_once = max(1, _AT_ONCE // (nodes.n_lat * nodes.n_lon))
    unit = np.eye(observed.count)
    for start in range(0, observed.count, at_once):
        part = observed.stated.adjoint(unit[start : start + at_once])
        cross[start : start + at_once] = table(part, columns).reshape(len(part), -1)
    return cross, shape


def posterior_variance(
    gain: Gain,
    window: Window,
    nodes: Grid,
    every: int,
    covariance: Covariance,
    points_apart: int = 1,
    tables: FineTable | None = None,
) -> np.ndarray:
    """diag(C − K H C) of the core's fine cells; computed at some of them and interpolated in blocks of many cells.

    Args:
        gain: of the window.
        window: whose core is asked for.
        nodes: the points that its cells' means are taken over; σ of a block of many cells is smooth, too.
        every: fine cells along a side of what a node stands for.
        covariance: of fine storage.
        points_apart: nodes of the cells' means from one point to the next, between which the variance is interpolated.
        tables: makes the table between points and cells; None: `fine_table`.
    Returns: (s · core_n_lat, s · core_n_lon) mm² of fine cells.
    """
    cross, shape = cross_covariance(gain.observed, window, nodes, covariance, points_apart, tables)
    precision, explained = gain.precision.astype(np.float32), np.empty(cross.shape[1])
    wide = max(1, _AT_ONCE // gain.observed.count)
    for start in range(0, cross.shape[1], wide):
        part = cross[:, start : start + wide]
        explained[start : start + wide] = np.einsum("ij,ij->j", part, precision @ part, dtype=np.float64)
    variance = np.maximum(covariance.variance - explained, 0.0).reshape(shape)
    return on_all_cells(variance, window, nodes, every, points_apart)


def on_all_cells(variance: np.ndarray, window: Window, nodes: Grid, every: int, points_apart: int = 1) -> np.ndarray:
    """(s · core_n_lat, s · core_n_lon) from the points of `cross_covariance`, mm².

    Args:
        variance: of the points, mm².
        window: as there.
        nodes: as there.
        every: fine cells along a side of what a node stands for.
        points_apart: as there.
    """
    factor = nodes.n_lat // window.n_lat
    wanted = window.core_n_lat * factor * every, window.core_n_lon * factor * every
    return variance if variance.shape == wanted else _between(variance, (every - 1) / 2, every * points_apart, wanted)


def _between(values: np.ndarray, first: float, step: int, shape: tuple[int, int]) -> np.ndarray:
    """Linear interpolation of values at cells first, first + step, …; the outermost two go on beyond them."""
    for axis, size in enumerate(shape):
        known = values.shape[axis]
        at = (np.arange(size) - first) / step
        low = np.clip(np.floor(at).astype(int), 0, max(known - 2, 0))
        weight = (at - low) if known > 1 else np.zeros(size)
        lower, upper = (np.take(values, part, axis) for part in (low, np.minimum(low + 1, known - 1)))
        weight = weight[:, None] if axis == 0 else weight
        values = lower * (1 - weight) + upper * weight
    return np.maximum(values, 0.0)
