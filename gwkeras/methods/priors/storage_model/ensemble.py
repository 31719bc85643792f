"""Members of a storage model that differ in their rain and in their parameters, carried together from month to month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.priors.storage_model.equations import Stores, advance, storage
from gwkeras.methods.priors.storage_model.ground import Ground
from gwkeras.methods.priors.storage_model.parameters import PARAMETERS, Weights, bounded
from gwkeras.methods.priors.storage_model.run import begin

_NARROW = 0.25  # of the length: half of each perturbation's variance is as local as that
_UPDATED = (2, 3, 4)  # the delay stores and the groundwater, of which the product shows something


@dataclass(frozen=True)
class Perturbation:
    """How far members differ.

    Args:
        rain: relative standard deviation of a month's precipitation; half of its variance is the same in all months.
        parameters: relative standard deviation of every parameter.
        length_km: over which half of each goes together; the other half over a quarter of it.
        error_mm: standard deviation of what a month adds to the groundwater that no rain and no parameter tells.
    """

    rain: float
    parameters: float
    length_km: float
    error_mm: float = 0.0


class Ensemble:
    """Members, all at the same month.

    Args:
        weights: of the model.
        ground: cells.
        grid: that the cells lie on.
        perturbation: how far members differ.
        members: how many.
        rng: for the perturbations.
    """

    def __init__(
        self, weights: Weights, ground: Ground, grid: Grid, perturbation: Perturbation, members: int, rng: np.random.Generator
    ) -> None:
        self.ground, self.members, self.size, self.rng = ground, members, perturbation, rng
        lengths = perturbation.length_km, _NARROW * perturbation.length_km
        self.fields = [_SmoothFields.of(grid, length) for length in lengths]
        self.parameters = self._perturbed(weights)
        self.bias = self.drawn()
        self.stores: Stores = begin(ground.weather, self.parameters, self._rain(self.bias))

    def __iter__(self) -> Iterator[np.ndarray]:
        """(store, member, cell) mm at the end of each month of the climate; see `updated`."""
        weather = self.ground.weather
        for precipitation, *rest in zip(
            weather.precipitation, weather.temperature, weather.potential, weather.decades, strict=True
        ):
            rain = self._rain((self.bias + self.drawn()) * np.float32(np.sqrt(0.5)))
            self.stores, _ = advance(np, self.stores, (precipitation * rain, *rest), self.parameters)
            if self.size.error_mm:
                error = self.drawn()
                error -= error.mean(axis=0)  # members are to differ, not to move together
                self.stores = (*self.stores[:-1], self.stores[-1] + np.float32(self.size.error_mm) * error)
            yield self.updated()

    def updated(self) -> np.ndarray:
        """(store, member, cell) mm: those that an update may change."""
        return np.stack([self.stores[number] for number in _UPDATED])

    def storage_of(self, updated: np.ndarray) -> np.ndarray:
        """(member, cell) mm: what the product counts as groundwater of stores such as `updated` gives; linear in them."""
        upper, lower, groundwater = updated
        nothing = np.zeros_like(groundwater)
        return np.asarray(storage((nothing, nothing, upper, lower, groundwater), self.parameters), dtype=np.float32)

    def put(self, values: np.ndarray) -> None:
        """Inverse of `updated`; what waits on its way to the groundwater is never less than nothing."""
        stores = list(self.stores)
        for number, changed in zip(_UPDATED, values, strict=True):
            stores[number] = np.asarray(changed if number == _UPDATED[-1] else np.maximum(changed, 0.0), dtype=np.float32)
        self.stores = tuple(stores)

    def _perturbed(self, weights: Weights) -> dict[str, np.ndarray]:
        """Parameter -> (member, cell), within the bounds that it has."""
        ground = self.ground
        typical = bounded(np, weights.raw(ground.maps, ground.bumps), np.float32(1.0))
        found = {}
        for parameter in PARAMETERS:
            factor = np.exp(np.float32(self.size.parameters) * self.drawn())
            found[parameter.name] = np.clip(typical[parameter.name] * factor, parameter.low, parameter.high).astype(np.float32)
        found["pumping"] = found["pumping"] * ground.irrigated
        return found

    def _rain(self, drawn: np.ndarray) -> np.ndarray:
        """Factors whose mean is 1."""
        size = np.float32(self.size.rain)
        return np.exp(size * drawn - size * size / 2)

    def drawn(self) -> np.ndarray:
        """(member, cell) float32 of variance 1, smooth in space."""
        both = [fields.draw(self.members, self.rng)[:, self.ground.land] for fields in self.fields]
        return np.float32(np.sqrt(0.5)) * (both[0] + both[1])


@dataclass(frozen=True)
class _SmoothFields:
    """White noise on a lattice, seen through Gaussian bumps, of variance 1 in every cell.

    Args:
        rows: (n_lat, J₁) of unit length each.
        columns: (n_lon, J₂) likewise.
    """

    rows: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, grid: Grid, length_km: float) -> _SmoothFields:
        km = np.deg2rad(1.0) * EARTH_RADIUS_KM
        stretch = max(float(np.cos(np.deg2rad((grid.south + grid.north) / 2))), 0.2)
        return cls(_bumps(grid.lat * km, length_km), _bumps(grid.lon * km * stretch, length_km))

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        noise = rng.standard_normal((count, self.rows.shape[1], self.columns.shape[1]), dtype=np.float32)
        return self.rows @ noise @ self.columns.T


def _bumps(place: np.ndarray, length: float) -> np.ndarray:
    """(n, J) Gaussian bumps on a line, half a length apart and half a length wide, each row of unit length."""
    centres = np.arange(place.min() - 1.5 * length, place.max() + 2.0 * length, length / 2)
    bell = np.exp(-0.5 * ((place[:, None] - centres) / (length / 2)) ** 2)
    return (bell / np.linalg.norm(bell, axis=1, keepdims=True)).astype(np.float32)
