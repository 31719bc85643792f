"""Kriging without a filter: the mean from all cells at once, σ from the cells around."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.solvers.neighbourhoods import Neighbourhoods
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.whole_region import WholeRegion
from gwkeras.methods.updates.kriging.solvers.windowed import Windowed

FEW = 400
"""Cells, of which all are asked for σ."""


@dataclass(frozen=True, eq=False)
class Unfiltered:
    """K of a region, as `Windowed`.

    Args:
        region: the operator's grid.
        covariance: of fine storage.
        noise: of the product.
        uncertainty: (n_lat, n_lon) typical standard error of the product, mm.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray

    def increment(self, residual: np.ndarray, known: np.ndarray, beyond: float) -> np.ndarray:
        """See `Windowed.increment`."""
        flat = residual.reshape(-1, *residual.shape[-2:])
        found = [self._whole.increment(each, known, beyond) for each in flat]
        return np.stack(found).reshape(*residual.shape[:-2], *found[0].shape)

    def variance(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """See `Windowed.variance`."""
        if known.sum() <= FEW and len(self.region.windows) == 1:
            return Windowed(self.region, self.covariance, self.noise, self.uncertainty).variance(known, beyond)
        return self._around.variance(known, self._deviation(beyond), pinned=self.region.pinned)

    def left_out(self, values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Neighbourhoods.left_out`."""
        return self._around.left_out(values, known, self._deviation(1.0))

    def _deviation(self, beyond: float) -> np.ndarray:
        return np.sqrt(beyond * np.maximum(self.noise.variance, self.uncertainty**2))

    @cached_property
    def _around(self) -> Neighbourhoods:
        return Neighbourhoods(self.region.grid, self.region.factor, self.region.share, self.covariance, self.noise)

    @cached_property
    def _whole(self) -> WholeRegion:
        region = self.region
        return WholeRegion(region.grid, region.factor, region.share, self.covariance, self.noise, self._deviation(1.0))
