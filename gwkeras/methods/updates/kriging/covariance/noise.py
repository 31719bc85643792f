"""R: what stands between the operator's view of the truth and the product's values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.zonal_tables import ZonalTable


@dataclass(frozen=True)
class Noise:
    """Product noise, partly independent from cell to cell, partly correlated over some hundred kilometres.

    Args:
        variance: mm²; the least that is assumed in each cell.
        correlated: share of the variance that is correlated as exp(−d / length_km); the rest is white.
        length_km: of that correlation.
    """

    variance: float
    correlated: float = 0.5
    length_km: float = 300.0

    def covariance(self, observed: ObservedCells, uncertainty: np.ndarray) -> np.ndarray:
        """R of the observations.

        Args:
            observed: n observations, means over cells.
            uncertainty: (n_lat, n_lon) the product's own standard error, mm; 0 where it states none.
        Returns: (n, n) mm², no cell's variance less than the product's own.
        """
        deviation = np.sqrt(np.maximum(self.variance, uncertainty[tuple(observed.cells.T)] ** 2))
        weighted = observed.weights * deviation
        white = np.bincount(observed.groups, weighted**2, observed.count)
        joint = np.bincount(observed.groups, weighted, observed.count)
        correlation = np.exp(-np.sqrt(_squared_distances(observed.directions)) / self.length_km)
        return self.correlated * joint[:, None] * joint[None] * correlation + np.diag((1 - self.correlated) * white)


def operator_error(
    observed: ObservedCells, covariance: ZonalTable, uncertain: float, stated: np.ndarray | None = None
) -> np.ndarray:
    """Covariance of what a wrong half-weight radius leaves: mean of (H± − H) C (H± − H)ᵀ over ± `uncertain`.

    It grows with the wavenumber as the signal seen through the filter does, times (k p)⁴ · uncertain²: beyond k p ≈ uncertain^−½
    the product is not believed, however small its noise.

    Args:
        observed: n observations.
        covariance: of the cell means.
        uncertain: relative standard error of the radius, e.g. 0.15.
        stated: (n, n_lat, n_lon) rows of the operator as stated; None: to be made.
    Returns: (n, n) mm²; zeros without a filter.
    """
    count = observed.count
    if observed.spread.kind == "none" or uncertain == 0:
        return np.zeros((count, count))
    stated = observed.operator().rows() if stated is None else stated
    result = np.zeros((count, count))
    for widened in (1 + uncertain, 1 - uncertain):
        difference = observed.operator(widened).rows() - stated
        result += 0.5 * covariance(difference).reshape(count, -1) @ difference.reshape(count, -1).T
    return (result + result.T) / 2


def _squared_distances(points: np.ndarray) -> np.ndarray:
    squared = (points**2).sum(axis=1)
    result = squared[:, None] + squared[None] - 2 * points @ points.T
    np.fill_diagonal(result, 0.0)
    return np.maximum(result, 0.0)
