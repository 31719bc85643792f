"""The ridge prior: f = Σ β x, with x = memory of a channel × map, taught through H by generalised least squares.

β minimises Σ_t ‖G_t − H f_t‖² in the metric (H C Hᵀ + R)⁻¹ + strength × Σ (β · deviation of x at the fine grid)², so that what the
product shows decides where it can, and what it cannot show (fine maps under a wide filter) is held back. The strength is chosen by
held-out product (`strength.py`). A closed form: no truth, no random number, no iteration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
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
from gwkeras.methods.priors.local_amplitude import Bumps, LocalAmplitude, spacing_km
from gwkeras.methods.priors.normal_equations import NormalEquations
from gwkeras.methods.priors.prior import Progress, Training
from gwkeras.methods.priors.seen_features import SeenFeatures
from gwkeras.methods.priors.strength import Strength, choose_strength, solve_ridge
from gwkeras.methods.priors.teaching import Teaching, teaching_of
from gwkeras.methods.priors.weighted_memories import bands, weighted_memories

_SPANS, _GROUPS = 4, 8  # of months and of tiles, that are left out by turns
_PRODUCTS_HELD_BACK = 3.0  # how much more than a memory alone its products with maps are held back
_FAST, _SLOW = 4.0, 15.0  # months: where the groups of local amplitudes part
_NOTHING = 1e-9  # of the largest deviation: a feature that varies less is left out


@dataclass(frozen=True)
class Ridge:
    """The recipe.

    Args:
        time_constants: of the memories, months.
        local: whether a place's answer may depart, smoothly, from what the maps say (`local_amplitude.py`).
        kind: as it stands in configurations.
    """

    time_constants: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0)
    local: bool = True
    kind: str = "ridge"

    def fit(self, training: Training, folder: Path, progress: Progress = lambda label, done, total: None) -> FittedRidge:
        """Weights from the product in the training months.

        Args:
            training: storage of other months than the training's, and of held-out blocks, is never looked at.
            folder: not used: a fit takes seconds.
            progress: called once a climate month.
        Raises: MissingMonths: where there are too few training months, or the climate does not reach them.
        """
        climate = FineClimate.of(training.domain)
        channels = Channels(climate)
        if not channels.names:
            return FittedRidge.nothing(self, training, "no climate channel is finer than the product")
        lacking = np.setdiff1d(training.months, climate.months)
        if lacking.size:
            raise MissingMonths(
                "ridge prior",
                expected="climate of every training month",
                found=f"none of {lacking[0]}",
                remedy="give climate files that cover the storage record",
            )
        teaching = teaching_of(training)
        maps = raw_maps(climate, channels.means)
        standard = Standard.of(maps, climate.grid.area * climate.land) if maps else Standard((), np.array([]), np.array([]))
        features = SeenFeatures(channels, _standardised(standard, maps, climate), retention(self.time_constants), teaching)
        watched = _watched(features, len(climate.months), partial(progress, "teaching the ridge prior, months"))
        equations = NormalEquations.accumulate(watched, teaching, _SPANS, _GROUPS)
        assert features.deviations is not None
        scales = _scales(features.deviations)
        scaled = _scaled(equations, scales.reshape(-1))
        strength = choose_strength(scaled)
        weights = (solve_ridge(scaled, strength.value) * scales.reshape(-1)).reshape(scales.shape)
        notes = (*_notes(strength, scales, standard), f"covariance of the metric: slope {teaching.slope:g}")
        fitted = FittedRidge(self.time_constants, channels.names, standard, weights, training.months, strength.value, notes)
        if not weights.any() or not self.local:
            return fitted
        spacing = spacing_km(training.domain.coarse, training.observation.point_spread.half_weight_km)
        local = LocalAmplitude.fit(fitted.parts(climate, features.maps, teaching), teaching, spacing)
        return replace(fitted, local=local, notes=(*notes, _local_note(local)))


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
    def nothing(cls, recipe: Ridge, training: Training, reason: str) -> FittedRidge:
        """A prior that expects nothing anywhere."""
        none = Standard((), np.array([]), np.array([]))
        weights = np.zeros((0, 1, len(recipe.time_constants)))
        return cls(recipe.time_constants, (), none, weights, training.months, np.inf, (f"ridge: 0 everywhere, since {reason}",))

    @property
    def digest(self) -> str:
        """Changes with anything that the prior's means depend on."""
        described = json.dumps(self._description(), sort_keys=True).encode()
        arrays = (np.ascontiguousarray(a).tobytes() for a in self._arrays().values())
        return hashlib.sha256(b"".join((described, *arrays))).hexdigest()[:16]

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

    def parts(self, climate: FineClimate, maps: np.ndarray, teaching: Teaching) -> np.ndarray:
        """Block means, on the teaching's grid, of the parts of f that local amplitudes multiply.

        Args:
            climate: of the whole fine grid.
            maps: (1 + map, n_lat, n_lon) standardised.
            teaching: its months and grid.
        Returns: (M, group, n_lat, n_lon) mm.
        """
        groups, s = self.groups, teaching.factor
        position = {stamp: index for index, stamp in enumerate(teaching.months.tolist())}
        result = np.zeros((len(position), len(groups), *teaching.grid.shape), dtype=np.float32)
        for rows in bands(climate.grid.n_lat, climate.grid.n_lon, self.weights[:, 0].size, s):
            band = climate.band(rows)
            weights, block = self._weights_on(band, maps[:, rows], local=None), slice(rows.start // s, rows.stop // s)
            for stamp, parts in weighted_memories(Channels(band), weights, retention(self.time_constants), groups):
                if stamp.item() in position:
                    result[position[stamp.item()], :, block] = np.nan_to_num(band.grid.block_mean(parts, s, band.land))
        return result

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
        np.savez(folder / "ridge.npz", **self._arrays())
        (folder / "ridge.json").write_text(json.dumps(self._description(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FittedRidge:
        """Inverse of `save`. Raises: BadInput: where the folder holds no ridge prior."""
        if not (folder / "ridge.json").exists() or not (folder / "ridge.npz").exists():
            raise BadInput(folder, expected="ridge.json and ridge.npz", found="none", remedy="fit the prior again")
        told = json.loads((folder / "ridge.json").read_text(encoding="utf-8"))
        with np.load(folder / "ridge.npz", allow_pickle=False) as arrays:
            standard = Standard(tuple(told["maps"]), arrays["means"], arrays["deviations"], tuple(told["left_out"]))
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
        return _standardised(self.standard, maps, climate)

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


def _standardised(standard: Standard, maps: dict[str, np.ndarray], climate: FineClimate) -> np.ndarray:
    """(1 + maps, n_lat, n_lon)."""
    return standard(maps) if maps else np.ones((1, *climate.grid.shape), dtype=np.float32)


def _watched(features: SeenFeatures, total: int, progress) -> Iterator:
    for done, month in enumerate(features, start=1):
        yield month
        progress(done, total)


def _scales(deviations: np.ndarray) -> np.ndarray:
    """(channel, map, τ) what a feature is multiplied by before the ridge; 0 for one that does not vary."""
    scales = np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > _NOTHING * deviations.max())
    scales[:, 1:] /= np.sqrt(_PRODUCTS_HELD_BACK)
    return scales


def _scaled(equations: NormalEquations, scales: np.ndarray) -> NormalEquations:
    gram = equations.gram
    gram *= scales[:, None]
    gram *= scales
    return NormalEquations(gram, equations.moment * scales, equations.power, equations.count)


def _notes(strength: Strength, scales: np.ndarray, standard: Standard) -> tuple[str, ...]:
    said = f"{strength.gain:.3f} ± {strength.gain_error:.3f} of the held-out product's power explained"
    if np.isfinite(strength.value):
        notes = [f"ridge: {np.count_nonzero(scales)} features, strength {strength.value:g}, {said}"]
    else:
        notes = [f"ridge: 0 everywhere, since climate and maps do not predict held-out product ({said})"]
    still = int((scales == 0).sum())
    if still:
        notes.append(f"ridge: {still} features do not vary and are left out")
    if standard.left_out:
        notes.append(f"ridge: maps left out: {'; '.join(standard.left_out)}")
    return tuple(notes)


def _local_note(local: LocalAmplitude) -> str:
    if not np.isfinite(local.strength):
        return "ridge: the same answer everywhere, since local ones do not predict held-out product"
    return f"ridge: local answers, strength {local.strength:g}, {local.gain:.3f} of what was left in the held-out product explained"
