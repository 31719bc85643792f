"""Storage by memories of the climate, with coefficients that follow place, maps and, for GTNNWR, time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM
from gwkeras.core.latest import Latest
from gwkeras.methods.priors.learners.features import PLACES
from gwkeras.methods.priors.learners.perceptrons import standardised
from gwkeras.regression.places import Places
from gwkeras.regression.weighted_network import WeightedNetwork

YEAR = 12.0  # months, after which seasons come again
_OWN = ("mean", "deviation", "scale", "memories", "place_centres", "place_scales")
SPACE, TIME = (0, 1, 2), (3,)  # columns of `located`


@dataclass(frozen=True)
class LocalMemories:
    """Rows of features (memories, maps, latitude, longitude, month) to mm: see `Features`.

    Args:
        mean: (memories + maps,) of the features.
        deviation: likewise; infinite for what does not vary.
        scale: mm, of the target.
        memories: how many of the features are memories.
        place_centres: of `Places`.
        place_scales: likewise.
        network: from memories, places and maps.
    """

    mean: np.ndarray
    deviation: np.ndarray
    scale: np.ndarray
    memories: np.ndarray
    place_centres: np.ndarray
    place_scales: np.ndarray
    network: WeightedNetwork
    _latest: Latest[np.ndarray] = field(default_factory=Latest, repr=False, compare=False)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, p) -> (n,) mm."""
        coefficients = self.local_coefficients(rows)
        x = standardised(rows[:, : len(self.mean)], self.mean, self.deviation)[:, : int(self.memories)]
        found = np.einsum("nk,nk->n", coefficients[:, :-1], x) + coefficients[:, -1]
        return np.asarray(found * float(self.scale), dtype=np.float64)

    def local_coefficients(self, rows: np.ndarray) -> np.ndarray:
        """(n, memories + 1) at the rows' places: what a standard deviation of each memory adds, in units of `scale`; a constant.

        Those that do not follow time are the same for all months: they are computed once for rows that come again.
        """
        own = rows[:, int(self.memories) :] if self.is_timed else rows[:, int(self.memories) : -1]
        known = hashlib.blake2b(np.ascontiguousarray(own).tobytes()).digest()
        return self._latest.get(known, lambda: self._coefficients(rows))

    @property
    def is_timed(self) -> bool:
        """Whether coefficients follow time."""
        return len(self.network.kinds) > 1

    def _coefficients(self, rows: np.ndarray) -> np.ndarray:
        maps = standardised(rows[:, : len(self.mean)], self.mean, self.deviation)[:, int(self.memories) :]
        places = places_of(self.place_centres, self.place_scales, self.is_timed)
        coordinates = places(located(rows[:, -PLACES:])).astype(np.float32)
        return self.network.local_coefficients(coordinates, maps if maps.shape[1] else None)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is kept."""
        return {**{name: getattr(self, name) for name in _OWN}, **{f"network_{n}": a for n, a in self.network.arrays().items()}}

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> LocalMemories:
        """Inverse of `arrays`. Raises: BadInput: where they do not fit together."""
        network = {name.removeprefix("network_"): value for name, value in arrays.items() if name.startswith("network_")}
        mean, deviation, scale, memories, centres, scales = (arrays[name] for name in _OWN)
        return cls(mean, deviation, scale, memories, centres, scales, WeightedNetwork.of_arrays(network))


def places_of(centres: np.ndarray, scales: np.ndarray, timed: bool) -> Places:
    """Units of space, and of time and season where they count."""
    return Places((SPACE, TIME) if timed else (SPACE,), centres, scales, YEAR if timed else None)


def located(places: np.ndarray) -> np.ndarray:
    """Latitude, longitude (degrees) and month, (..., 3), as km from the Earth's centre and month, (..., 4)."""
    lat, lon = np.deg2rad(places[..., 0].astype(np.float64)), np.deg2rad(places[..., 1].astype(np.float64))
    around = (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))
    return np.stack([*(EARTH_RADIUS_KM * axis for axis in around), places[..., 2].astype(np.float64)], axis=-1)
