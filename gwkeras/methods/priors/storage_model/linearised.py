"""The model around one choice of weights, as features that a ridge can weigh: ∂f/∂weight as the product would show it.

A cell's storage depends on that cell's parameters alone, so one run more for each parameter gives all derivatives: that of a
map's weight is the parameter's derivative times the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.methods.priors.ridge.normal_equations import NormalEquations
from gwkeras.methods.priors.ridge.seen_features import Month
from gwkeras.methods.priors.storage_model.ground import Ground
from gwkeras.methods.priors.storage_model.parameters import LOCAL, PARAMETERS, REGIONAL, Weights, bounded
from gwkeras.methods.priors.storage_model.run import run_numpy
from gwkeras.methods.priors.teaching.product import Teaching
from gwkeras.methods.priors.teaching.seen_bumps import SeenBumps

_STEP = 0.02  # of a parameter before the logistic function, by which the derivative is taken
_SPANS, _GROUPS = 4, 8  # of months and of tiles, that are left out by turns


@dataclass(frozen=True)
class Seen:
    """What the product would show of the model.

    Args:
        ground: blocks of the teaching's grid that hold land, as far as they are seen.
        teaching: cells, months and metric.
        bumps: of the regional field, as they are seen; None where there is none.
    """

    ground: Ground
    teaching: Teaching
    bumps: SeenBumps | None = None

    def without_region(self) -> Seen:
        """The same without the bumps of a regional field."""
        return replace(self, ground=replace(self.ground, bumps=self.ground.bumps[:0]))

    def shown(self) -> np.ndarray:
        """(map,) standard deviation that is left of each map in the cells taught on; 1 at the fine grid over land."""
        return np.array([self.teaching.see(self._fields(each)).std() for each in self.ground.maps])

    def of(self, weights: Weights) -> np.ndarray:
        """(M, k) whitened anomalies from the training months' mean; 0 where the product is not known."""
        raw = weights.raw(self.ground.maps, self.ground.bumps)[None]
        storage = self._run(raw)[:, 0]
        seen = np.stack([self._see(month) for month in storage])
        known = np.repeat(self.teaching.known, self.teaching.tiles, axis=1)
        usual = (seen * known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return np.where(known, seen - usual, 0.0)

    def equations(self, weights: Weights) -> NormalEquations:
        """Normal equations of the derivatives with respect to `Weights.flat`, and, as one more feature, the model itself."""
        return NormalEquations.accumulate(self._features(weights), self.teaching, _SPANS, _GROUPS)

    def _features(self, weights: Weights) -> Iterator[Month]:
        ground = self.ground
        raw = weights.raw(ground.maps, ground.bumps)
        runs = self._run(np.concatenate([raw[None], raw + _STEP * np.eye(len(PARAMETERS), dtype=np.float32)[:, :, None]]))
        for stamp, (storage, *moved) in zip(self.teaching.months, runs, strict=True):
            slopes = (np.stack(moved) - storage) / np.float32(_STEP)  # (parameter, cell)
            by_maps = (slopes[list(LOCAL), None] * ground.maps).reshape(-1, slopes.shape[-1])
            if self.teaching.nearby and len(ground.bumps):
                seen = self._see(np.concatenate((slopes, by_maps, storage[None])))
                yield Month(stamp, np.concatenate((seen[:-1], self._by_bumps(slopes[list(REGIONAL)]), seen[-1:])))
                continue
            by_bumps = (slopes[list(REGIONAL), None] * ground.bumps).reshape(-1, slopes.shape[-1])
            yield Month(stamp, self._see(np.concatenate((slopes, by_maps, by_bumps, storage[None]))))

    def _by_bumps(self, slopes: np.ndarray) -> np.ndarray:
        """(n, cell) to (n · bump, k) whitened."""
        assert self.bumps is not None
        found = self.bumps(self._fields(slopes))
        return found.reshape(-1, found.shape[-1])

    def _run(self, raw: np.ndarray) -> np.ndarray:
        """(M, run, cell) of parameters (run, parameter, cell) before the logistic function."""
        position = {stamp: index for index, stamp in enumerate(self.teaching.months.tolist())}
        result = np.empty((len(position), len(raw), raw.shape[-1]), dtype=np.float32)
        months = self.ground.weather.months.tolist()
        for stamp, storage in zip(months, run_numpy(self.ground.weather, bounded(np, raw, self.ground.irrigated)), strict=True):
            if stamp in position:
                result[position[stamp]] = storage
        return result

    def _see(self, cells: np.ndarray) -> np.ndarray:
        """(..., cell) to (..., k) whitened."""
        return self.teaching.whitened(self._fields(cells))

    def _fields(self, cells: np.ndarray) -> np.ndarray:
        """(..., cell) to (..., n_lat, n_lon) of the teaching's grid."""
        fields = np.zeros((*cells.shape[:-1], *self.teaching.grid.shape), dtype=np.float32)
        fields[..., self.ground.land] = cells
        return fields
