"""Conditional simulation: fields that could be the truth, given product and covariance.

    draw = Ŝ + √local · (U − K (H U + ε)),    U ~ (0, C),  ε ~ (0, E + R)

The error of kriging a simulated truth from its own simulated product (Journel 1974, doi 10.2113/gsecongeo.69.5.673). Draws have
σ for their spread and go together in space as errors do; H of each differs from G by noise, as G from the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from gwkeras.fields.grids.interpolation import conserve
from gwkeras.methods.updates.covariance import LENGTHS_KM, Covariance, mixture
from gwkeras.methods.updates.noise import Noise
from gwkeras.methods.updates.region import Region
from gwkeras.methods.updates.simulation import Simulation
from gwkeras.methods.updates.unfiltered import Unfiltered
from gwkeras.methods.updates.windowed import Windowed
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

_REACH = 2.5  # lengths of the widest Gaussian


@dataclass(frozen=True, eq=False)
class Errors:
    """Simulated errors of a fitted kriging.

    Args:
        region: the operator's grid.
        covariance: of fine storage.
        noise: of the product.
        uncertainty: (n_lat, n_lon) on the region's grid, typical standard error of the product, mm.
        solver: K.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray
    solver: Unfiltered | Windowed

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def draw(self, known: np.ndarray, beyond: float, rng: np.random.Generator) -> np.ndarray:
        """U − K (H U + ε), (s n_lat, s n_lon) mm.

        Args:
            known: (n_lat, n_lon) which of the product's cells count.
            beyond: factor on the noise variance.
            rng: for U and ε.
        Raises: BadInput: where the region is too large to simulate.
        """
        region, observation = self.region, self.region.observation
        truth = self._storage.draw(rng)
        product = observation(truth)
        if self._widened:
            widened = self._widened[int(rng.integers(2))]
            other = self._storage.draw(rng)
            product += widened(other) - observation(other)
        product = np.where(known, product, np.nan)
        gathered = region.gather(product)
        gathered += self._noise_of(np.sqrt(beyond), rng)
        there = np.isfinite(gathered)
        estimate = self.solver.increment(gathered, there, beyond)
        if region.pinned:
            estimate = conserve(estimate, gathered, observation.fine, observation.factor, observation.land)
        return truth - estimate

    def _noise_of(self, factor: float, rng: np.random.Generator) -> np.ndarray:
        deviation = factor * np.sqrt(np.maximum(self.noise.variance, self.uncertainty**2))
        white = rng.standard_normal(deviation.shape)
        joint = self._correlated.draw(rng) if self.noise.correlated > 0 else 0.0
        return deviation * (np.sqrt(1 - self.noise.correlated) * white + np.sqrt(self.noise.correlated) * joint)

    @cached_property
    def _storage(self) -> Simulation:
        amplitudes = self.covariance.amplitudes
        return Simulation.of(self.region.observation.fine, lambda squared: mixture(amplitudes, squared), _REACH * LENGTHS_KM[-1])

    @cached_property
    def _correlated(self) -> Simulation:
        length = self.noise.length_km
        return Simulation.of(self.region.grid, lambda squared: np.exp(-np.sqrt(squared) / length), 5 * length)

    @cached_property
    def _widened(self) -> tuple[Observation, ...]:
        """The operator with its radius off by its own uncertainty, either way."""
        spread, uncertain = self.region.spread, self.region.uncertain
        if spread.kind == "none" or uncertain == 0:
            return ()
        radii = (spread.half_weight_km * (1 + sign * uncertain) for sign in (1, -1))
        return tuple(replace(self.region.observation, point_spread=PointSpread.gaussian(r, spread.over)) for r in radii)
