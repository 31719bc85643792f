"""Kriging through a filter: gains of windows, each made once for a set of known cells and used for every month with that set."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields

import numpy as np

from gwkeras.core.grid import nearest_upsample
from gwkeras.methods.updates.covariance import Covariance
from gwkeras.methods.updates.gain import Gain, fine_table, posterior_variance
from gwkeras.methods.updates.noise import Noise
from gwkeras.methods.updates.observed_cells import ObservedCells
from gwkeras.methods.updates.region import Region
from gwkeras.methods.updates.system import inverse, signal, system
from gwkeras.methods.updates.windows import Window
from gwkeras.methods.updates.zonal_tables import CellToFine

_KEPT_BYTES = 2**30  # of gains


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
    _kept: dict[tuple, tuple[Gain, np.ndarray]] = field(default_factory=dict, repr=False)
    _tables: OrderedDict[tuple[int, ...], CellToFine] = field(default_factory=OrderedDict, repr=False)

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.name.startswith("_")}  # gains are made anew

    def increment(self, residual: np.ndarray, known: np.ndarray, beyond: float) -> np.ndarray:
        """K d, (..., s n_lat, s n_lon) mm.

        Args:
            residual: (..., n_lat, n_lon) d on the region's grid, mm.
            known: (n_lat, n_lon) where it counts.
            beyond: factor on the noise variance.
        """
        mean = np.zeros((*residual.shape[:-2], *self.region.observation.fine.shape))
        for window in self.region.windows:
            prepared = self._prepared(window, known, beyond)
            if prepared is None:
                continue
            gain, _ = prepared
            rows, columns = window.core(self.region.factor)
            carried = gain.storage(np.where(gain.observed.known, window.take(residual), 0.0))
            found = self._table(window, rows)(carried.reshape(-1, *carried.shape[-2:]), columns)
            mean[..., *window.core_in_whole(self.region.factor)] = found.reshape(*residual.shape[:-2], *found.shape[1:])
        return mean

    def variance(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """diag(C − K H C), (s n_lat, s n_lon) mm²."""
        variance = np.full(self.region.observation.fine.shape, self.covariance.variance)
        for window in self.region.windows:
            prepared = self._prepared(window, known, beyond)
            if prepared is not None:
                variance[window.core_in_whole(self.region.factor)] = prepared[1]
        return variance

    def _prepared(self, window: Window, known: np.ndarray, beyond: float) -> tuple[Gain, np.ndarray] | None:
        """Gain and posterior variance of a window; kept for the months to come."""
        observed = self.region.observed(window, known)
        if not observed.count:
            return None
        key = (window, observed.known.tobytes(), beyond)
        if key in self._kept:
            return self._kept[key]
        part = signal(observed, self.region.covariances(window).of(self.covariance.slope), self.region.uncertain)
        whole, remainder = system(part, self.covariance.variance, self.noise, observed, window.take(self.uncertainty), beyond)
        precision = inverse(whole)
        gain = Gain(observed, precision)
        variance = self._posterior(gain, window, remainder)
        if len(self.region.windows) > 1:  # half the memory, at the cost of 1e-3 mm
            gain = Gain(observed, precision.astype(np.float32))
        self._keep(key, gain, variance)
        return gain, variance

    def _posterior(self, gain: Gain, window: Window, remainder: np.ndarray) -> np.ndarray:
        variance = posterior_variance(gain, window, self.region.fine(window), self.region.factor, self.covariance)
        if self.region.pinned:
            variance += self._pinning(window, gain.observed, remainder, gain.precision)
        return variance.astype(np.float32)

    def _table(self, window: Window, rows: slice) -> CellToFine:
        """The table of a band of windows, kept where there is room: all bands come back every month."""
        key = (window.row, window.n_lat, window.n_lon, rows.start, rows.stop)
        if key not in self._tables:
            size = 16 * window.n_lat * (rows.stop - rows.start) * window.n_lon * self.region.factor
            if len(self._tables) * size > _KEPT_BYTES // 2:
                self._tables.popitem(last=True)  # the newest: of a round through all bands the oldest are what comes first again
            self._tables[key] = fine_table(self.region.fine(window), self.region.factor, self.covariance, rows)
        return self._tables[key]

    def _keep(self, key: tuple, gain: Gain, variance: np.ndarray) -> None:
        """Keeps what was made, unless there is no room; then what other months need is forgotten, oldest first.

        A round through the windows of one month never forgets its own: what does not fit is made again each month.
        """
        needed = gain.precision.nbytes
        size = sum(kept.precision.nbytes for kept, _ in self._kept.values())
        other = [old for old in self._kept if old[1:] != key[1:] and old[0] == key[0]]
        for old in other:
            if size + needed <= _KEPT_BYTES:
                break
            size -= self._kept.pop(old)[0].precision.nbytes
        if size + needed <= _KEPT_BYTES or not self._kept:
            self._kept[key] = gain, variance

    def _pinning(self, window: Window, observed: ObservedCells, remainder: np.ndarray, precision: np.ndarray) -> np.ndarray:
        """What pinning cells adds to the variance: that of d − H K d = R (H C Hᵀ + R)⁻¹ d, which is R (H C Hᵀ + R)⁻¹ R."""
        added = np.einsum("ij,ji->i", remainder @ precision, remainder)
        field_ = np.zeros(observed.grid.shape)
        field_[tuple(observed.cells.T)] = added[observed.groups]
        return nearest_upsample(field_[window.core()], self.region.factor)
