"""A ridge prior once it is fitted: weights, and the recursion that turns them into fields."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.priors.local_amplitude import Bumps, LocalAmplitude
from gwkeras.methods.priors.weighted_memories import weighted_memories

_FAST, _SLOW = 4.0, 15.0  # months: where the groups of local amplitudes part


@dataclass(frozen=True)
class FittedRidge:
    """Weights, and what is needed to apply them to any domain that holds the same channels and maps.

    Args:
        time_constants: months.
        channels: names.
        standard: names and scales of the maps.
        weights: (channel, 1 + map, τ) mm per unit of the feature.
        training_months: (M,) datetime64[M]; the mean over them is taken off.
        strength: of the ridge; infinite where nothing was believed.
        notes: what was chosen and left out.
        local: departures from the maps' answer; None where there are none.
    """

    time_constants: tuple[float, ...]
    channels: tuple[str, ...]
    standard: Standard
    weights: np.ndarray
    training_months: np.ndarray
    strength: float
    notes: tuple[str, ...] = ()
    local: LocalAmplitude | None = None
    _latest: Latest[DiskArray] = field(default_factory=Latest, repr=False, compare=False)

    @classmethod
    def nothing(cls, time_constants: tuple[float, ...], training_months: np.ndarray, reason: str) -> FittedRidge:
        """A prior that expects nothing anywhere."""
        none = Standard((), np.array([]), np.array([]))
        weights = np.zeros((0, 1, len(time_constants)))
        return cls(time_constants, (), none, weights, training_months, np.inf, (f"ridge: 0 everywhere, since {reason}",))

    @property
    def digest(self) -> str:
        """Changes with anything that the prior's means depend on."""
        described = json.dumps(self._description(), sort_keys=True).encode()
        arrays = (np.ascontiguousarray(a).tobytes() for a in self._arrays().values())
        return hashlib.sha256(b"".join((described, *arrays))).hexdigest()[:16]

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month over the whole domain; see `gwkeras.methods.parts.FittedPrior.predict`."""
        return Prediction(self.mean(domain, month))

    def mean(self, domain: Domain, month: Month) -> np.ndarray:
        """(s n_lat, s n_lon) mm, float32; months in any order.

        The first call computes all months of the domain at once, in bands of rows, and files them beside the domain's other
        arrays.
        Raises: MissingMonths: where the domain lacks the month, or its climate all training months. BadInput: where it lacks a
            channel or a map.
        """
        position = domain.calendar.position(month)
        if not self.weights.any():
            return np.zeros(domain.fine.shape, dtype=np.float32)
        key = self.digest, domain.fine_drivers.key, domain.fine_origin, str(domain.months[[0, -1]])
        return np.asarray(self._latest.get(str(key), lambda: self._all_months(domain))[position])

    @property
    def groups(self) -> tuple[np.ndarray, ...]:
        """(τ, channel) bool each: fast, slow and very slow memories, and those of what is pumped."""
        slowness, names = np.asarray(self.time_constants)[:, None], np.array(self.channels)[None, :]
        pumped = np.isin(names, ("deficit", "growing_deficit", "time")) & np.ones(slowness.shape, bool)
        bounds = ((0, _FAST), (_FAST, _SLOW), (_SLOW, np.inf))
        return (*((slowness > low) & (slowness <= high) & ~pumped for low, high in bounds), pumped)

    def save(self, folder: Path) -> None:
        """Writes ridge.npz and ridge.json into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / "ridge.npz", **self._arrays())  # type: ignore[arg-type]
        (folder / "ridge.json").write_text(json.dumps(self._description(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FittedRidge:
        """Inverse of `save`. Raises: BadInput: where the folder holds no ridge prior."""
        if not (folder / "ridge.json").exists() or not (folder / "ridge.npz").exists():
            raise BadInput(folder, expected="ridge.json and ridge.npz", found="none", remedy="fit the prior again")
        told = json.loads((folder / "ridge.json").read_text(encoding="utf-8"))
        with np.load(folder / "ridge.npz", allow_pickle=False) as arrays:
            products = tuple((one, other) for one, other in told["products"])
            standard = Standard(tuple(told["maps"]), arrays["means"], arrays["deviations"], tuple(told["left_out"]), products)
            weights = arrays["weights"]
            local = None
            if "departures" in arrays:
                bumps = Bumps(arrays["bump_lat"], arrays["bump_lon"], *map(float, arrays["bump_width"]))
                local = LocalAmplitude(bumps, arrays["departures"], *map(float, arrays["local_strength"]))
        return cls(
            tuple(told["time_constants"]),
            tuple(told["channels"]),
            standard,
            weights,
            np.array(told["training_months"], dtype="datetime64[M]"),
            np.inf if told["strength"] is None else told["strength"],
            tuple(told["notes"]),
            local,
        )

    def _description(self) -> dict:
        return {
            "kind": "ridge",
            "time_constants": list(self.time_constants),
            "channels": list(self.channels),
            "maps": list(self.standard.names),
            "left_out": list(self.standard.left_out),
            "products": [list(pair) for pair in self.standard.products],
            "training_months": [str(month) for month in self.training_months],
            "strength": self.strength if np.isfinite(self.strength) else None,
            "notes": list(self.notes),
        }

    def _all_months(self, domain: Domain) -> DiskArray:
        climate = FineClimate.of(domain)
        months, grid = domain.months.astype("datetime64[M]"), climate.grid
        maps = self._maps(climate)
        step = 4 * grid.n_lon * len(self.channels) * (len(self.time_constants) + 24)
        key = ["ridge", self.digest, domain.fine_drivers.key, domain.fine_origin, [str(m) for m in months]]
        return cached_array(
            domain.fine_drivers.cache,
            key,
            (len(months), *grid.shape),
            lambda rows: self._band(climate, maps, rows, months),
            axis=1,
            step_bytes=step,
        )

    def _maps(self, climate: FineClimate) -> np.ndarray:
        maps = raw_maps(climate, Channels(climate).means)
        missing = sorted(set(self.standard.names) - set(maps))
        if missing:
            raise BadInput("ridge prior", expected=f"the map {missing[0]}", found="none", remedy="give the file that holds it")
        return standardised(self.standard, maps, climate)

    def _band(self, climate: FineClimate, maps: np.ndarray, rows: slice, months: np.ndarray) -> np.ndarray:
        channels = Channels(climate.band(rows))
        if channels.names != self.channels:
            raise BadInput(
                "ridge prior",
                expected=f"the channels {', '.join(self.channels)}",
                found=", ".join(channels.names) or "none",
                remedy="give the same climate variables as in training",
            )
        weights = self._weights_on(channels.climate, maps[:, rows], self.local)
        every = (np.ones(weights.shape[:2], bool),)
        wanted = {stamp: index for index, stamp in enumerate(months.tolist())}
        training = set(self.training_months.tolist())
        result = np.empty((len(months), *channels.climate.grid.shape), dtype=np.float32)
        total, count = np.zeros(channels.climate.grid.shape), 0
        for stamp, (now,) in weighted_memories(channels, weights, retention(self.time_constants), every):
            if stamp.item() in wanted:
                result[wanted[stamp.item()]] = now
            if stamp.item() in training:
                total += now
                count += 1
        stamps = channels.climate.months
        if not count or not set(wanted) <= set(stamps.tolist()):
            raise MissingMonths(
                "ridge prior",
                expected=f"climate of the training months and of {months[0]} … {months[-1]}",
                found=f"climate of {stamps[0]} … {stamps[-1]}",
                remedy="give a longer climate record",
            )
        return result - (total / count).astype(np.float32)

    def _weights_on(self, band: FineClimate, maps: np.ndarray, local: LocalAmplitude | None) -> np.ndarray:
        """(τ, channel, n_lat, n_lon) Σ_k β map_k, times the local amplitude of each memory's group."""
        weights = np.einsum("cmt,mij->tcij", self.weights.astype(np.float32), maps, optimize=True)
        if local is not None:
            for group, factor in zip(self.groups, local.factors(band.grid), strict=True):
                weights[group] *= factor
        return weights

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {"weights": self.weights, "means": self.standard.means, "deviations": self.standard.deviations}
        if self.local is not None:
            bumps = self.local.bumps
            arrays |= {"departures": self.local.departures, "bump_lat": bumps.lat, "bump_lon": bumps.lon}
            arrays |= {"bump_width": np.array([bumps.lat_width, bumps.lon_width])}
            arrays |= {"local_strength": np.array([self.local.strength, self.local.gain])}
        return arrays


def standardised(standard: Standard, maps: dict[str, np.ndarray], climate: FineClimate) -> np.ndarray:
    """(1 + maps, n_lat, n_lon) ones and the maps; ones alone where there are no maps."""
    return standard(maps) if maps else np.ones((1, *climate.grid.shape), dtype=np.float32)
