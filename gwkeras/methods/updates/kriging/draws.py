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
from gwkeras.methods.updates.kriging.amplitude import Amplitude
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM, Covariance, mixture
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.simulation import Simulation
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.solver import Solver
from gwkeras.methods.updates.kriging.solvers.windowed import Windowed
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

_REACH = 2.5  # lengths of the widest Gaussian
_AT_ONCE = 25  # draws, whose products of matrices are taken together


@dataclass(frozen=True, eq=False)
class Shown:
    """What observations would have to show for another gain than K: d to d′ with K d′ = C Hᵀ V w Vᵀ d.

    Args:
        observed: n observations.
        matrix: (n, n), of `Patterns.shown`.
    """

    observed: ObservedCells
    matrix: np.ndarray

    def __call__(self, product: np.ndarray) -> np.ndarray:
        """(k, n_lat, n_lon) to the same shape; NaN where it is."""
        found, (rows, columns) = product.copy(), self.observed.cells.T
        told = self.observed.take(np.nan_to_num(product)) @ self.matrix.T
        found[:, rows, columns] = told[:, self.observed.groups]
        return found


@dataclass(frozen=True, eq=False)
class Errors:
    """Simulated errors of a fitted kriging.

    Args:
        region: the operator's grid.
        covariance: of fine storage.
        noise: of the product.
        uncertainty: (n_lat, n_lon) on the region's grid, typical standard error of the product, mm.
        solver: K.
        amplitude: by which C is larger in some cells than in others; None: alike everywhere.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray
    solver: Solver
    amplitude: Amplitude | None = None

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def draw(
        self, known: np.ndarray, beyond: float, rng: np.random.Generator, count: int, shown: Shown | None = None
    ) -> np.ndarray:
        """U − K (H U + ε), (count, s n_lat, s n_lon) mm, independent of one another.

        Args:
            known: (n_lat, n_lon) which of the product's cells count.
            beyond: factor on the noise variance.
            rng: for U and ε.
            count: of draws.
            shown: what the product counts for, where K is not that of a month by itself.
        Raises: BadInput: where the region is too large to simulate.
        """
        parts = [self._some(known, beyond, rng, min(_AT_ONCE, count - start), shown) for start in range(0, count, _AT_ONCE)]
        return np.concatenate(parts)

    def left(self, fields: np.ndarray, known: np.ndarray, beyond: float = 1.0, shown: Shown | None = None) -> np.ndarray:
        """x − K H x of fine fields: what the update cannot see of them.

        Args:
            fields: (k, s n_lat, s n_lon) mm.
            known: as for `draw`.
            beyond: as for `draw`.
            shown: as for `draw`.
        """
        observation = self.region.observation
        seen = observation(np.where(observation.land > 0, fields, np.nan))
        return self._without(fields, self.region.gather(np.where(known, seen, np.nan)), beyond, shown)

    def _some(self, known: np.ndarray, beyond: float, rng: np.random.Generator, count: int, shown: Shown | None) -> np.ndarray:
        observation = self.region.observation
        truth = self._drawn(rng, count)
        product = observation(truth)
        if self._widened:
            widened = self._widened[int(rng.integers(2))]
            other = self._drawn(rng, count)
            product += widened(other) - observation(other)
        gathered = self.region.gather(np.where(known, product, np.nan)) + self._noise_of(np.sqrt(beyond), rng, count)
        return self._without(truth, gathered, beyond, shown)

    def _without(self, fields: np.ndarray, product: np.ndarray, beyond: float, shown: Shown | None) -> np.ndarray:
        """Fields less what the update makes of a product, which has the same gaps in all of them."""
        region, observation = self.region, self.region.observation
        there, size = np.isfinite(product[0]), None if self.amplitude is None else region.gather(self.amplitude.seen)
        told = product if size is None else product / size
        told = told if shown is None else shown(told)
        estimate = self.gain.increment(told, there, beyond)
        if self.amplitude is not None:
            estimate *= self.amplitude.fine
            if region.spread.kind != "none":  # as `FittedKriging.increment`
                again = told * size - region.gather(observation(np.where(observation.land > 0, estimate, np.nan)))
                estimate += self.gain.increment(again, there, beyond)
        if region.pinned:
            for row, seen in enumerate(product):
                estimate[row] = conserve(estimate[row], seen, observation.fine, observation.factor, observation.land)
        return fields - estimate

    def _drawn(self, rng: np.random.Generator, count: int) -> np.ndarray:
        drawn = self._storage.draw(rng, count)
        return drawn if self.amplitude is None else self.amplitude.fine * drawn

    def _noise_of(self, factor: float, rng: np.random.Generator, count: int) -> np.ndarray:
        deviation = factor * np.sqrt(np.maximum(self.noise.variance, self.uncertainty**2))
        white = rng.standard_normal((count, *deviation.shape))
        joint = self._correlated.draw(rng, count) if self.noise.correlated > 0 else 0.0
        return deviation * (np.sqrt(1 - self.noise.correlated) * white + np.sqrt(self.noise.correlated) * joint)

    @cached_property
    def gain(self) -> Solver:
        """K; of a region of one window as a matrix, which serves all draws."""
        if isinstance(self.solver, Windowed) or len(self.region.windows) > 1:
            return self.solver
        return Windowed(self.region, self.solver.covariance, self.solver.noise, self.solver.uncertainty)

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
