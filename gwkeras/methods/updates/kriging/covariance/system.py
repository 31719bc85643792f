"""The kriging system of one window: H C Hᵀ + E + R and its inverse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.core.latest import Latest
from gwkeras.methods.updates.kriging.covariance.mixture import shares
from gwkeras.methods.updates.kriging.covariance.noise import Noise, operator_error
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.zonal_tables import ZonalTable, cell_tables

_JITTER = 1e-9  # of the mean variance; leaves conservation exact to far below 1e-3 mm


@dataclass(frozen=True)
class Signal:
    """Covariance of the observations for a storage of variance 1.

    Args:
        seen: (n, n) H C Hᵀ.
        error: (n, n) what a wrong radius leaves, E.
    """

    seen: np.ndarray
    error: np.ndarray

    @property
    def mean_variance(self) -> float:
        """Share of the variance that is left in an observation."""
        return float(np.diag(self.seen).mean())


@dataclass(frozen=True)
class CellCovariances:
    """Tables between the product cells of a window, one for each length; shared by windows in the same rows."""

    fine: Grid
    factor: int

    @cached_property
    def tables(self) -> np.ndarray:
        return cell_tables(self.fine, self.factor)

    def of(self, slope: float) -> ZonalTable:
        """Covariance of cell means for a storage of variance 1."""
        return self._latest.get(slope, lambda: ZonalTable(np.tensordot(shares(slope), self.tables, axes=1)))

    @cached_property
    def _latest(self) -> Latest[ZonalTable]:
        return Latest()


def signal(observed: ObservedCells, covariance: ZonalTable, uncertain: float) -> Signal:
    """What a unit variance of storage looks like to the product.

    Args:
        observed: the window's observations.
        covariance: of its cell means.
        uncertain: relative standard error of the half-weight radius.
    """
    if observed.spread.kind == "none" and observed.averaged == 1:
        seen = covariance.between(observed.cells, observed.cells)
        return Signal(seen, np.zeros_like(seen))
    rows = observed.operator().rows()
    return Signal(seen_covariance(rows, covariance), operator_error(observed, covariance, uncertain, rows))


def seen_covariance(rows: np.ndarray, covariance: ZonalTable) -> np.ndarray:
    """H C Hᵀ.

    Args:
        rows: (n, n_lat, n_lon) of H, over the window's cells.
        covariance: of their means.
    Returns: (n, n), symmetric to the last bit.
    """
    flat = rows.reshape(len(rows), -1)
    seen = covariance(rows).reshape(len(rows), -1) @ flat.T
    return (seen + seen.T) / 2


def system(
    part: Signal, variance: float, noise: Noise, observed: ObservedCells, uncertainty: np.ndarray, beyond: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """K = variance · (H C Hᵀ + E) + R, and E + R by itself.

    Args:
        part: of variance 1.
        variance: mm².
        noise: the noise model.
        uncertainty: (n_lat, n_lon) the product's own standard error, mm.
        beyond: factor on all of R, for a month that is worse than the others.
    """
    remainder = variance * part.error + beyond * noise.covariance(observed, uncertainty)
    whole = variance * part.seen + remainder
    return whole + _JITTER * np.diag(whole).mean() * np.eye(len(whole)), remainder


def lower_factor(matrix: np.ndarray) -> np.ndarray:
    """L with L Lᵀ = matrix.

    Raises: BadInput: where the matrix is not positive definite to working precision.
    """
    lower, failed = linalg.lapack.dpotrf(matrix.T, lower=1)  # symmetric: the transpose is in LAPACK's order as it is
    if failed:
        raise BadInput(
            "kriging",
            expected="a covariance of the product's cells that can be factored",
            found=f"one of {len(matrix)} cells that is singular",
            remedy="raise update.least_noise_mm, or leave out cells that repeat one another",
        )
    return lower


def inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a positive definite matrix, symmetric to the last bit."""
    lower = lower_factor(matrix)
    upper, _ = linalg.lapack.dpotri(lower, lower=1)
    return np.tril(upper) + np.tril(upper, -1).T
