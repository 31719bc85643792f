"""A storage model once its parameters are learned: weights, an amplitude, and the fields they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.priors.described_arrays import DescribedArrays
from gwkeras.methods.priors.filed_months import FiledMonths, Window, zero_field
from gwkeras.methods.priors.storage_model.ground import Ground, maps_of
from gwkeras.methods.priors.storage_model.parameters import PARAMETERS, Weights, bounded
from gwkeras.methods.priors.storage_model.run import run_numpy
from gwkeras.methods.priors.storage_model.weather import NEEDED
from gwkeras.methods.priors.teaching.bumps import Bumps

_WEIGHTS = "typical", "map_weights", "region_weights"
_ANYWHERE = np.array([[-np.inf], [np.inf]])  # the range of maps where none is known
_ARRAYS_AT_ONCE = 40  # of a cell and month, about, while a band of rows is worked


@dataclass(frozen=True)
class FittedStorageModel:
    """f = amplitude × storage, less its mean over the training months.

    Args:
        weights: of the parameters; None: nothing is expected anywhere.
        amplitude: share of it that held-out product supports, 0 … 1.
        standard: names and scales of the maps.
        bumps: of the regional field.
        training_months: (M,) datetime64[M].
        middle: months since 2002-01 at which the time is 0.
        notes: what was learned and left out.
        taught: (2, map) the least and the greatest of each map in the cells taught on; beyond them a parameter is that of the
            nearest end, for the product tells nothing of how it goes on.
        explained: share of the held-out product's power; None: not known.
    """

    weights: Weights | None
    amplitude: float
    standard: Standard
    bumps: Bumps
    training_months: np.ndarray
    middle: float
    notes: tuple[str, ...] = ()
    taught: np.ndarray = field(default_factory=lambda: _ANYWHERE)
    explained: float | None = None
    _filed: FiledMonths = field(default_factory=FiledMonths, repr=False, compare=False)

    @classmethod
    def nothing(cls, training_months: np.ndarray, reason: str) -> FittedStorageModel:
        """A prior that expects nothing anywhere."""
        none = np.array([])
        notes = (f"storage model: 0 everywhere, since {reason}",)
        return cls(None, 0.0, Standard((), none, none), Bumps(none, none, 1.0, 1.0), training_months, 0.0, notes)

    @property
    def removes_filter(self) -> bool:
        """See `gwkeras.methods.parts.FittedPrior`."""
        return self.amplitude != 0

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
        if self.weights is None or not self.amplitude:
            return zero_field(domain, month)
        return self._filed.field(domain, month, "storage model", self.digest, self._windows)

    def ground(self, climate: FineClimate, parts: int = 1) -> Ground:
        """Where the model runs in a domain.

        Args:
            climate: at the fine grid.
            parts: cells along a side of a block, where blocks are to be run.
        Raises: BadInput: where the climate lacks a map.
        """
        return Ground.of(climate, self.maps(climate), self.bumps, self.middle, parts)

    def maps(self, climate: FineClimate) -> np.ndarray:
        """(map, n_lat, n_lon) float32, standardised, within the range of the cells taught on.

        Raises: BadInput: where the climate lacks a map.
        """
        found, (least, greatest) = maps_of(climate, self.standard)[1], self.taught[..., None, None].astype(np.float32)
        return np.clip(found, least, greatest)

    def parameters(self, climate: FineClimate) -> dict[str, np.ndarray]:
        """Parameter -> (n_lat, n_lon), at a fine grid; NaN at sea."""
        ground = self.ground(climate)
        found = {}
        for name, values in self._bounded(ground).items():
            found[name] = np.full(climate.grid.shape, np.nan, dtype=np.float32)
            found[name][ground.land] = values
        return found

    def save(self, folder: Path) -> None:
        """Writes storage_model.npz and storage_model.json into `folder`."""
        self._kept.save(folder, "storage_model")

    @classmethod
    def load(cls, folder: Path) -> FittedStorageModel:
        """Inverse of `save`. Raises: BadInput: where the folder holds no storage model, or one with other parameters."""
        kept = DescribedArrays.load(folder, "storage_model")
        told, arrays = kept.description, kept.arrays
        if told["parameters"] != [parameter.name for parameter in PARAMETERS]:
            raise BadInput(
                folder,
                expected=f"the parameters {', '.join(parameter.name for parameter in PARAMETERS)}",
                found=", ".join(told["parameters"]),
                remedy="fit the prior again",
            )
        weights = Weights(*(arrays[name] for name in _WEIGHTS)) if "typical" in arrays else None
        standard = Standard(tuple(told["maps"]), arrays["means"], arrays["deviations"], tuple(told["left_out"]))
        bumps = Bumps(arrays["bump_lat"], arrays["bump_lon"], *map(float, arrays["bump_width"]))
        months = np.array(told["training_months"], dtype="datetime64[M]")
        taught = arrays.get("taught", _ANYWHERE)
        notes = tuple(told["notes"])
        return cls(weights, told["amplitude"], standard, bumps, months, told["middle"], notes, taught, told.get("explained"))

    @property
    def _kept(self) -> DescribedArrays:
        description = {
            "kind": "storage_model",
            "parameters": [parameter.name for parameter in PARAMETERS],
            "amplitude": self.amplitude,
            "maps": list(self.standard.names),
            "left_out": list(self.standard.left_out),
            "training_months": [str(month) for month in self.training_months],
            "middle": self.middle,
            "explained": self.explained,
            "notes": list(self.notes),
        }
        w = self.weights
        learned = {} if w is None else dict(zip(_WEIGHTS, (w.typical, w.maps, w.region), strict=True))
        arrays = {
            **learned,
            "means": self.standard.means,
            "deviations": self.standard.deviations,
            "bump_lat": self.bumps.lat,
            "bump_lon": self.bumps.lon,
            "bump_width": np.array([self.bumps.lat_width, self.bumps.lon_width]),
            "taught": self.taught,
        }
        return DescribedArrays(description, arrays)

    def _windows(self, climate: FineClimate, months: np.ndarray) -> tuple[Window, int]:
        _require_channels(climate)
        lacking = np.setdiff1d(np.concatenate([months, self.training_months]), climate.months)
        if lacking.size:
            raise MissingMonths(
                "storage model",
                expected=f"climate of the training months and of {months[0]} … {months[-1]}",
                found=f"climate of {climate.months[0]} … {climate.months[-1]}",
                remedy="give a longer climate record",
            )
        maps = self.maps(climate)
        row_bytes = 4 * climate.grid.n_lon * (4 * len(climate.months) + _ARRAYS_AT_ONCE)
        return lambda window: self._window(window, maps[:, *window.inside], months), row_bytes

    def _window(self, climate: FineClimate, maps: np.ndarray, months: np.ndarray) -> np.ndarray:
        """(M, n_lat, n_lon) f in a window."""
        ground = Ground.of(climate, maps, self.bumps, self.middle)
        wanted = {stamp: index for index, stamp in enumerate(months.tolist())}
        training = set(self.training_months.tolist())
        result = np.zeros((len(months), *climate.grid.shape), dtype=np.float32)
        total, cells = np.zeros(int(ground.land.sum())), np.zeros((len(months), int(ground.land.sum())), dtype=np.float32)
        for stamp, storage in zip(climate.months.tolist(), run_numpy(ground.weather, self._bounded(ground)), strict=True):
            if stamp in wanted:
                cells[wanted[stamp]] = storage
            if stamp in training:
                total += storage
        cells -= (total / len(training)).astype(np.float32)
        result[:, ground.land] = np.float32(self.amplitude) * cells
        return result

    def _bounded(self, ground: Ground) -> Mapping[str, np.ndarray]:
        """Parameter -> (cell,)."""
        assert self.weights is not None
        return bounded(np, self.weights.raw(ground.maps, ground.bumps), ground.irrigated)


def _require_channels(climate: FineClimate) -> None:
    missing = [name for name in NEEDED if name not in climate.channels]
    if missing:
        raise BadInput(
            "storage model", expected=f"the climate channel {missing[0]}", found="none", remedy="give the file that holds it"
        )
