"""A ridge prior once it is fitted: weights, and the recursion that turns them into fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.priors.described_arrays import DescribedArrays
from gwkeras.methods.priors.filed_months import FiledMonths, Window, zero_field
from gwkeras.methods.priors.ridge.local_amplitude import LocalAmplitude
from gwkeras.methods.priors.ridge.weighted_memories import weighted_memories, weighted_memory
from gwkeras.methods.priors.teaching.bumps import Bumps

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
        explained: share of the held-out product's power; None: not known.
    """

    time_constants: tuple[float, ...]
    channels: tuple[str, ...]
    standard: Standard
    weights: np.ndarray
    training_months: np.ndarray
    strength: float
    notes: tuple[str, ...] = ()
    local: LocalAmplitude | None = None
    explained: float | None = None
    _filed: FiledMonths = field(default_factory=FiledMonths, repr=False, compare=False)

    @classmethod
    def nothing(cls, time_constants: tuple[float, ...], training_months: np.ndarray, reason: str) -> FittedRidge:
        """A prior that expects nothing anywhere."""
        none = Standard((), np.array([]), np.array([]))
        weights = np.zeros((0, 1, len(time_constants)))
        return cls(time_constants, (), none, weights, training_months, np.inf, (f"ridge: 0 everywhere, since {reason}",))

    @property
    def removes_filter(self) -> bool:
        """See `gwkeras.methods.parts.FittedPrior`."""
        return bool(np.any(self.weights))

    @property
    def digest(self) -> str:
        """Changes with anything that the prior's means depend on."""
        return self._kept.digest

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month over the whole domain; see `gwkeras.methods.parts.FittedPrior.predict`."""
        return Prediction(self.mean(domain, month))

    def mean(self, domain: Domain, month: Month) -> np.ndarray:
        """(s n_lat, s n_lon) mm, float32; see `FiledMonths.field`.

        Raises: MissingMonths: where the domain lacks the month, or its climate all training months. BadInput: where it lacks a
            channel or a map.
        """
        if not self.weights.any():
            return zero_field(domain, month)
        return self._filed.field(domain, month, "ridge", self.digest, self._windows)

    @property
    def groups(self) -> tuple[np.ndarray, ...]:
        """(τ, channel) bool each: fast, slow and very slow memories, and those of what is pumped."""
        slowness, names = np.asarray(self.time_constants)[:, None], np.array(self.channels)[None, :]
        pumped = np.isin(names, ("deficit", "growing_deficit", "time")) & np.ones(slowness.shape, bool)
        bounds = ((0, _FAST), (_FAST, _SLOW), (_SLOW, np.inf))
        return (*((slowness > low) & (slowness <= high) & ~pumped for low, high in bounds), pumped)

    def save(self, folder: Path) -> None:
        """Writes ridge.npz and ridge.json into `folder`."""
        self._kept.save(folder, "ridge")

    @classmethod
    def load(cls, folder: Path) -> FittedRidge:
        """Inverse of `save`. Raises: BadInput: where the folder holds no ridge prior."""
        kept = DescribedArrays.load(folder, "ridge")
        told, arrays = kept.description, kept.arrays
        products = tuple((one, other) for one, other in told["products"])
        standard = Standard(tuple(told["maps"]), arrays["means"], arrays["deviations"], tuple(told["left_out"]), products)
        local = None
        if "departures" in arrays:
            bumps = Bumps(arrays["bump_lat"], arrays["bump_lon"], *map(float, arrays["bump_width"]))
            local = LocalAmplitude(bumps, arrays["departures"], *map(float, arrays["local_strength"]))
        return cls(
            tuple(told["time_constants"]),
            tuple(told["channels"]),
            standard,
            arrays["weights"],
            np.array(told["training_months"], dtype="datetime64[M]"),
            np.inf if told["strength"] is None else told["strength"],
            tuple(told["notes"]),
            local,
            told.get("explained"),
        )

    @property
    def _kept(self) -> DescribedArrays:
        description = {
            "kind": "ridge",
            "time_constants": list(self.time_constants),
            "channels": list(self.channels),
            "maps": list(self.standard.names),
            "left_out": list(self.standard.left_out),
            "products": [list(pair) for pair in self.standard.products],
            "training_months": [str(month) for month in self.training_months],
            "strength": self.strength if np.isfinite(self.strength) else None,
            "notes": list(self.notes),
            "explained": self.explained,
        }
        return DescribedArrays(description, self._arrays())

    def _windows(self, climate: FineClimate, months: np.ndarray) -> tuple[Window, int]:
        maps = self._maps(climate)
        row_bytes = 4 * climate.grid.n_lon * len(self.channels) * (len(self.time_constants) + 24)
        return lambda window: self._window(window, maps[:, *window.inside], months), row_bytes

    def _maps(self, climate: FineClimate) -> np.ndarray:
        maps = raw_maps(climate, Channels(climate).means)
        missing = sorted(set(self.standard.names) - set(maps))
        if missing:
            raise BadInput("ridge prior", expected=f"the map {missing[0]}", found="none", remedy="give the file that holds it")
        return standardised(self.standard, maps, climate)

    def _window(self, climate: FineClimate, maps: np.ndarray, months: np.ndarray) -> np.ndarray:
        """(M, n_lat, n_lon) f in a window."""
        channels = Channels.of_land(climate)
        cells = channels.cells
        if channels.names != self.channels:
            raise BadInput(
                "ridge prior",
                expected=f"the channels {', '.join(self.channels)}",
                found=", ".join(channels.names) or "none",
                remedy="give the same climate variables as in training",
            )
        weights = cells.of_grid(self._weights_on(climate, maps, self.local))
        wanted = {stamp: index for index, stamp in enumerate(months.tolist())}
        training = set(self.training_months.tolist())
        result = np.empty((len(months), *cells.shape), dtype=np.float32)
        total, count = np.zeros(cells.shape), 0
        for stamp, now in self._memory(channels, weights):
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
        return cells.on_grid(result - (total / count).astype(np.float32))

    def _memory(self, channels: Channels, weights: np.ndarray) -> Iterator[tuple[np.datetime64, np.ndarray]]:
        """Each month's stamp and Σ weight × memory; in a large region by the shorter way, whose digits differ in the last."""
        keeps = retention(self.time_constants)
        if channels.climate.is_large:
            yield from weighted_memory(channels, weights, keeps)
            return
        every = (np.ones(weights.shape[:2], bool),)
        for stamp, (now,) in weighted_memories(channels, weights, keeps, every):
            yield stamp, now

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
