"""Kriging of a large region through a filter: the system of all observations, solved by conjugate gradients.

    (F C Fᵀ + E + R) x = d,    K d = C Fᵀ x,    F = diag(1 / reached) W diag(land area)

Kernel W and covariance C depend on two latitudes and the difference of longitudes alone, so each is a product of small matrices
for each wavenumber, and no window has to be as wide as filter and covariance reach together. σ varies slowly, and comes from
windows (`Region.windows`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

from gwkeras.core.grid import Grid
from gwkeras.core.latest import Latest
from gwkeras.core.process.threads import side_by_side
from gwkeras.methods.updates.kriging.covariance.circle import Circle, cell_rows, exponential_rows, gaussian_rows
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.to_fine import ToFine
from gwkeras.methods.updates.kriging.solvers.conjugate_gradients import conjugate_gradients
from gwkeras.methods.updates.kriging.solvers.near_factor import FactorRows, factor_of, factor_rows
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.windowed import Windowed
from gwkeras.methods.updates.kriging.solvers.windows import REACH, Window

_JITTER = 1e-9  # of the mean variance, as in `system`


@dataclass(frozen=True, eq=False)
class FilteredRegion:
    """K of a region, as `Windowed`, for regions whose cells are one observation each.

    Args:
        region: the operator's grid.
        covariance: of fine storage.
        noise: of the product.
        uncertainty: (n_lat, n_lon) on the region's grid, typical standard error of the product, mm.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def increment(self, residual: np.ndarray, known: np.ndarray, beyond: float) -> np.ndarray:
        """See `Windowed.increment`.

        Raises: BadInput: where the system cannot be solved.
        """
        if residual.ndim > 2:
            return np.stack([self.increment(each, known, beyond) for each in residual])
        factor, rows = self.region.factor, self._rows
        result = np.zeros(self.region.grid.refine(factor).shape)
        if known.any():
            weights = self._adjoint(self.weights(residual, known, beyond)[rows], 0)
            result[rows.start * factor : rows.stop * factor] = self._to_fine(weights)
        return self.region.cropped(result)

    def variance(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """See `Windowed.variance`; from the observations that are near."""
        return self._prepared(known).variance if beyond == 1.0 else self._windowed.variance(known, beyond)

    def weights(self, residual: np.ndarray, known: np.ndarray, beyond: float = 1.0) -> np.ndarray:
        """(F C Fᵀ + E + R)⁻¹ d, (n_lat, n_lon); 0 where not known.

        Args:
            residual: (n_lat, n_lon) d on the region's grid, mm.
            known: (n_lat, n_lon) where it counts.
            beyond: factor on the noise's variance.
        Raises: BadInput: where the system cannot be solved.
        """
        result, rows = np.zeros(known.shape), self._rows
        there = known[rows] & (self._share > 0)
        if there.any():
            right = np.where(there, residual[rows], 0.0)[there]
            result[rows][there] = conjugate_gradients(self.product(there, beyond), right, self._prepared(known).factor)
        return result

    def product(self, there: np.ndarray, beyond: float) -> Callable[[np.ndarray], np.ndarray]:
        """What multiplies a vector of the observations `there` by F C Fᵀ + E + R."""
        spread = np.where(there, np.sqrt(beyond) * self._deviation, 0.0)
        alone = (1 - self.noise.correlated) * spread[there] ** 2 + _JITTER * self.covariance.variance
        field = np.zeros(there.shape)

        def product(values: np.ndarray) -> np.ndarray:
            field[there] = values
            seen = self.covariance.variance * self._signal(field)
            if self.noise.correlated > 0:
                seen += self.noise.correlated * spread * self._correlations((field * spread)[None])[0]
            return seen[there] + alone * values

        return product

    def _signal(self, field: np.ndarray) -> np.ndarray:
        """F C Fᵀ + E of a storage of variance 1; E is the mean of (F± − F) C (F± − F)ᵀ over both ways to be wrong."""
        stated = self._adjoint(field, 0)
        others = range(1, len(self._kernels))
        parts = self._cells(np.stack([stated, *(self._adjoint(field, k) - stated for k in others)]))
        if not others:
            return self._seen(parts[0], 0)
        half = 0.5 * parts[1:]
        return self._seen(parts[0] - half.sum(axis=0), 0) + sum(self._seen(half[k - 1], k) for k in others)

    def _seen(self, storage: np.ndarray, kernel: int) -> np.ndarray:
        """F z."""
        return self._inverse_reach[kernel] * self._kernels[kernel]((self._mass * storage)[None])[0]

    def _adjoint(self, field: np.ndarray, kernel: int) -> np.ndarray:
        """Fᵀ x."""
        return self._mass * self._kernels[kernel]((self._inverse_reach[kernel] * field)[None])[0]

    @cached_property
    def _rows(self) -> slice:
        """Rows with land, and those whose area the filter takes in."""
        land = np.flatnonzero((self.region.share > 0).any(axis=1))
        if not len(land):
            return slice(0, 0)
        spread, grid = self.region.spread, self.region.grid
        height = grid.height_km
        around = 0 if spread.over == "land" else int(np.ceil(REACH * spread.half_weight_km / height))
        return slice(max(0, int(land[0]) - around), min(grid.n_lat, int(land[-1]) + 1 + around))

    @cached_property
    def _grid(self) -> Grid:
        return self.region.grid.window(self._rows.start, 0, self._rows.stop - self._rows.start, self.region.grid.n_lon)

    @cached_property
    def _share(self) -> np.ndarray:
        return self.region.share[self._rows]

    @cached_property
    def _mass(self) -> np.ndarray:
        return self._grid.area * self._share

    @cached_property
    def _deviation(self) -> np.ndarray:
        return np.sqrt(np.maximum(self.noise.variance, self.uncertainty[self._rows] ** 2))

    @cached_property
    def _radii(self) -> tuple[float, ...]:
        """Half-weight radii: as stated, and wrong by the operator's uncertainty."""
        radius, uncertain = self.region.spread.half_weight_km, self.region.uncertain
        return (radius, radius * (1 + uncertain), radius * (1 - uncertain)) if uncertain else (radius,)

    @cached_property
    def _kernels(self) -> tuple[Circle, ...]:
        return tuple(Circle.of(gaussian_rows(self._grid, radius), self._grid, np.float64) for radius in self._radii)

    @cached_property
    def _inverse_reach(self) -> tuple[np.ndarray, ...]:
        """1 / what normalises the filter; 0 far out at sea."""
        counted = self._mass if self.region.spread.over == "land" else self._grid.area
        found = [kernel(counted[None])[0] for kernel in self._kernels]
        return tuple(np.divide(1.0, r, out=np.zeros_like(r), where=(r > 0) & (self._share > 0)) for r in found)

    @cached_property
    def _cells(self) -> Circle:
        nodes = self.region.factor // self.region.nodes_apart
        return Circle.of(cell_rows(self._grid, self.covariance.slope, nodes), self._grid, np.float64)

    @cached_property
    def _correlations(self) -> Circle:
        return Circle.of(exponential_rows(self._grid, self.noise.length_km), self._grid, np.float64)

    @cached_property
    def _to_fine(self) -> ToFine:
        return ToFine(self._grid, self.region.factor, self.covariance)

    def _prepared(self, known: np.ndarray) -> _Prepared:
        """By windows, for the typical noise: σ, and a factor that serves for other noise as well."""
        return self._latest.get(known.tobytes(), lambda: self._by_windows(known))

    def _by_windows(self, known: np.ndarray) -> _Prepared:
        region, windowed = self.region, self._windowed
        there = known & (region.share > 0)
        places = np.cumsum(there.ravel()).reshape(there.shape) - 1
        variance = np.full(region.grid.refine(region.factor).shape, self.covariance.variance, dtype=np.float32)

        def prepare(window: Window) -> FactorRows | None:
            system = windowed.system(window, known, 1.0)
            if system is None:
                return None
            variance[window.core_in_whole(region.factor)] = windowed.posterior(system)
            observed = system.observed
            inside = np.zeros(observed.grid.shape, dtype=bool)
            inside[window.core()] = True
            own = np.flatnonzero(inside[tuple(observed.cells.T)])
            if not len(own):
                return None
            return factor_rows(system.whole, observed.cells, window.take(places)[tuple(observed.cells.T)], own)

        parts = [rows for rows in side_by_side(prepare, region.windows) if rows is not None]
        return _Prepared(factor_of(parts, int(there.sum())), region.cropped(variance))

    @property
    def _windowed(self) -> Windowed:
        return Windowed(self.region, self.covariance, self.noise, self.uncertainty)

    @cached_property
    def _latest(self) -> Latest[_Prepared]:
        return Latest()


class _Prepared(NamedTuple):
    """What is made once for a set of known cells: L with Lᵀ L ≈ (F C Fᵀ + E + R)⁻¹, and diag(C − K H C), mm²."""

    factor: sparse.csr_matrix
    variance: np.ndarray
