"""Kriging through a filter in windows: of a small region, which is one, mean and σ; of a large one σ.

A gain is made once for a set of known cells, and used for every month with that set.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple

import numpy as np

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.methods.updates.kriging.covariance.gain import Gain, fine_table, posterior_variance
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.system import inverse, signal, system
from gwkeras.methods.updates.kriging.covariance.zonal_tables import CellToFine
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.windows import Window

_KEPT_BYTES = 2**30  # of gains
_TABLES = 4  # kept for windows of the same rows
_POINTS_APART = 1 / 3  # half-weight radii between points at which σ is computed in a large region


class WindowSystem(NamedTuple):
    """What is solved in a window: (n, n) H C Hᵀ + E + R of its n observations, and E + R by itself."""

    window: Window
    observed: ObservedCells
    whole: np.ndarray
    remainder: np.ndarray


@dataclass(eq=False)
class _Prepared:
    """A window's gain; and its posterior variance, once it is asked for: months that are asked together have another."""

    gain: Gain
    remainder: np.ndarray | None  # where cells are pinned
    variance: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Windowed:
    """K of a region, window by window.

    Args:
        region: the operator's grid and its windows.
        covariance: of fine storage.
        noise: of the product.
        uncertainty: (n_lat, n_lon) on the region's grid, typical standard error of the product, mm.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray
    _kept: OrderedDict[tuple, _Prepared] = field(default_factory=OrderedDict, repr=False)
    _tables: Latest[CellToFine] = field(default_factory=Latest, repr=False)
    _shared: Latest[CellToFine] = field(default_factory=lambda: Latest(_TABLES), repr=False)

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.name.startswith("_")}  # gains are made anew

    def increment(self, residual: np.ndarray, known: np.ndarray, beyond: float) -> np.ndarray:
        """K d, (..., s n_lat, s n_lon) mm.

        Args:
            residual: (..., n_lat, n_lon) d on the region's grid, mm.
            known: (n_lat, n_lon) where it counts.
            beyond: factor on the noise variance.
        """
        mean = np.zeros((*residual.shape[:-2], *self.region.grid.refine(self.region.factor).shape))
        for window in self.region.windows:
            prepared = self._prepared(window, known, beyond)
            if prepared is None:
                continue
            gain = prepared.gain
            rows, columns = window.core(self.region.factor)
            carried = gain.storage(np.where(gain.observed.known, window.take(residual), 0.0))
            found = self._table(window, rows)(carried.reshape(-1, *carried.shape[-2:]), columns)
            mean[..., *window.core_in_whole(self.region.factor)] = found.reshape(*residual.shape[:-2], *found.shape[1:])
        return self.region.cropped(mean)

    def variance(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """diag(C − K H C), (s n_lat, s n_lon) mm²."""
        variance = np.full(self.region.grid.refine(self.region.factor).shape, self.covariance.variance)
        for window in self.region.windows:
            prepared = self._prepared(window, known, beyond)
            if prepared is None:
                continue
            if prepared.variance is None:
                prepared.variance = self._variance(window, prepared.gain, prepared.remainder)
            variance[window.core_in_whole(self.region.factor)] = prepared.variance
        return self.region.cropped(variance)

    def system(self, window: Window, known: np.ndarray, beyond: float) -> WindowSystem | None:
        """H C Hᵀ + E + R of a window's observations; None where it has none."""
        observed = self.region.observed(window, known)
        if not observed.count:
            return None
        part = signal(observed, self.region.covariances(window).of(self.covariance.slope), self.region.uncertain)
        uncertainty = window.take(self.uncertainty)
        whole, remainder = system(part, self.covariance.variance, self.noise, observed, uncertainty, beyond)
        return WindowSystem(window, observed, whole, remainder)

    def _prepared(self, window: Window, known: np.ndarray, beyond: float) -> _Prepared | None:
        """What is made for a window; kept for the months to come where the region is one."""
        key = (window, known.tobytes(), beyond)
        if key in self._kept:
            return self._kept[key]
        system = self.system(window, known, beyond)
        if system is None:
            return None
        gain = Gain(system.observed, inverse(system.whole))
        prepared = _Prepared(gain, system.remainder if self.region.pinned else None)
        if len(self.region.windows) == 1:
            self._keep(key, prepared)
        return prepared

    def posterior(self, system: WindowSystem, gain: Gain | None = None) -> np.ndarray:
        """diag(C − K H C) of the core of a window, with what pinning its cells adds, mm²."""
        return self._variance(system.window, gain or Gain(system.observed, inverse(system.whole)), system.remainder)

    def _variance(self, window: Window, gain: Gain, remainder: np.ndarray | None) -> np.ndarray:
        nodes, apart, tables = self.region.nodes(window), 1, None
        if len(self.region.windows) > 1:
            apart, tables = max(1, round(_POINTS_APART * self.region.spread.half_weight_km / nodes.height_km)), self._shared_table
        variance = posterior_variance(gain, window, nodes, self.region.nodes_apart, self.covariance, apart, tables)
        if self.region.pinned and remainder is not None:
            variance += self._pinning(window, gain.observed, remainder, gain.precision)
        return variance.astype(np.float32)

    def _table(self, window: Window, rows: slice) -> CellToFine:
        return self._tables.get(
            (window, rows.start), lambda: fine_table(self.region.fine(window), self.region.factor, self.covariance, rows)
        )

    def _shared_table(self, fine: Grid, factor: int, covariance: Covariance, rows: slice) -> CellToFine:
        """Windows of the same rows and width have the same."""
        key = (replace(fine, west=0.0), factor, rows.start, rows.stop, rows.step)
        return self._shared.get(key, lambda: fine_table(fine, factor, covariance, rows))

    def _keep(self, key: tuple, made: _Prepared) -> None:
        """Keeps what was made; what other months need is forgotten where there is no room, oldest first."""
        own = made.gain.precision.nbytes
        while self._kept and sum(kept.gain.precision.nbytes for kept in self._kept.values()) + own > _KEPT_BYTES:
            self._kept.popitem(last=False)
        self._kept[key] = made

    def _pinning(self, window: Window, observed: ObservedCells, remainder: np.ndarray, precision: np.ndarray) -> np.ndarray:
        """What pinning cells adds to the variance: that of d − H K d = R (H C Hᵀ + R)⁻¹ d, which is R (H C Hᵀ + R)⁻¹ R."""
        added = np.einsum("ij,ji->i", remainder @ precision, remainder)
        field_ = np.zeros(observed.grid.shape)
        field_[tuple(observed.cells.T)] = added[observed.groups]
        return nearest_upsample(field_[window.core()], self.region.factor)
