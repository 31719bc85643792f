"""What solves kriging's system: for a product without a filter, for a small region through one, for a large one."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.solvers.filtered_region import FilteredRegion
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.unfiltered import Unfiltered
from gwkeras.methods.updates.kriging.solvers.windowed import Windowed


class Solver(Protocol):
    """K of a region."""

    @property
    def covariance(self) -> Covariance:
        """Of fine storage."""
        ...

    @property
    def noise(self) -> Noise:
        """Of the product."""
        ...

    @property
    def uncertainty(self) -> np.ndarray:
        """(n_lat, n_lon) on the region's grid, typical standard error of the product, mm."""
        ...

    def increment(self, residual: np.ndarray, known: np.ndarray, beyond: float) -> np.ndarray:
        """K d; see `Windowed.increment`."""
        ...

    def variance(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """diag(C − K H C); see `Windowed.variance`."""
        ...


def solver_of(region: Region, covariance: Covariance, noise: Noise, uncertainty: np.ndarray) -> Solver:
    """The one that suits a region.

    Args:
        region: the operator's grid.
        covariance: of fine storage.
        noise: of the product.
        uncertainty: (n_lat, n_lon) on the region's grid, typical standard error of the product, mm.
    """
    if region.spread.kind == "none":
        return Unfiltered(region, covariance, noise, uncertainty)
    if len(region.windows) == 1:
        return Windowed(region, covariance, noise, uncertainty)
    return FilteredRegion(region, covariance, noise, uncertainty)
