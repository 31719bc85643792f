"""A fitted learner: features, a regression, and how much of it is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.priors.described_arrays import DescribedArrays
from gwkeras.methods.priors.filed_months import FiledMonths, Window, zero_field
from gwkeras.methods.priors.learners.features import Features
from gwkeras.methods.priors.learners.perceptrons import Perceptrons
from gwkeras.methods.priors.learners.trees import Trees
from gwkeras.methods.priors.ridge.weighted_memories import bands
from gwkeras.methods.priors.weighted_regression.local_memories import LocalMemories


class Regression(Protocol):
    """Rows of features to mm."""

    def __call__(self, rows: np.ndarray) -> np.ndarray: ...

    def arrays(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class FittedLearner:
    """f = share × (regression − its mean over the training months).

    Args:
        kind: the recipe's name.
        features: of a cell and a month.
        regression: of storage on them; None where none was worth it.
        share: of the regression that is believed, 0 … 1.
        training_months: (M,) datetime64[M].
        notes: what was chosen.
    """

    kind: str
    features: Features
    regression: Regression | None
    share: float
    training_months: np.ndarray
    notes: tuple[str, ...] = ()
    _filed: FiledMonths = field(default_factory=FiledMonths, repr=False, compare=False)

    @property
    def removes_filter(self) -> bool:
        """See `gwkeras.methods.parts.FittedPrior`."""
        return self.share > 0

    @property
    def digest(self) -> str:
        """Changes with anything that the prior's means depend on."""
        return self._kept.digest

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month over the whole domain; see `gwkeras.methods.parts.FittedPrior.predict` and `FiledMonths.field`.

        Raises: MissingMonths: where the domain lacks the month, or its climate a training month. BadInput: where it lacks a
            channel or a map.
        """
        if self.regression is None or not self.share:
            return Prediction(zero_field(domain, month))
        return Prediction(self._filed.field(domain, month, self.kind, self.digest, self._windows))

    def save(self, folder: Path) -> None:
        """Writes learner.npz and learner.json into `folder`."""
        self._kept.save(folder, "learner")

    @classmethod
    def load(cls, folder: Path) -> FittedLearner:
        """Inverse of `save`. Raises: BadInput: where the folder holds no learner, or a damaged one."""
        kept = DescribedArrays.load(folder, "learner")
        told, arrays = kept.description, dict(kept.arrays)
        standard = Standard(tuple(told["maps"]), arrays.pop("map_means"), arrays.pop("map_deviations"), tuple(told["left_out"]))
        features = Features(tuple(told["time_constants"]), tuple(told["channels"]), standard, told.get("located", False))
        regression: Regression | None = None
        if "threshold" in arrays:
            regression = Trees(features.count, **arrays)
        elif "place_centres" in arrays:
            regression = LocalMemories.of_arrays(arrays)
        elif arrays:
            regression = Perceptrons(**arrays)
        months = np.array(told["training_months"], dtype="datetime64[M]")
        return cls(told["kind"], features, regression, told["share"], months, tuple(told["notes"]))

    @property
    def _kept(self) -> DescribedArrays:
        description = {
            "kind": self.kind,
            "time_constants": list(self.features.time_constants),
            "channels": list(self.features.channels),
            "maps": list(self.features.standard.names),
            "left_out": list(self.features.standard.left_out),
            "located": self.features.located,
            "share": self.share,
            "training_months": [str(month) for month in self.training_months],
            "notes": list(self.notes),
        }
        standard = self.features.standard
        own = {} if self.regression is None else self.regression.arrays()
        return DescribedArrays(description, {"map_means": standard.means, "map_deviations": standard.deviations, **own})

    def _windows(self, climate: FineClimate, months: np.ndarray) -> tuple[Window, int]:
        maps = self.features.maps(climate)
        row_bytes = 4 * climate.grid.n_lon * (self.features.count + 24 * len(self.features.channels))
        return lambda window: self._window(window, maps[:, *window.inside], months), row_bytes

    def _window(self, window: FineClimate, maps: np.ndarray, months: np.ndarray) -> np.ndarray:
        assert self.regression is not None
        every = np.union1d(months, self.training_months)
        learned, asked = np.isin(every, self.training_months), np.searchsorted(every, months)
        fields = fine_fields(self.features, window, maps, every, lambda position: self.regression)
        return np.float32(self.share) * (fields - fields[learned].mean(axis=0))[asked]


def fine_fields(
    features: Features, band: FineClimate, maps: np.ndarray, months: np.ndarray, of: Callable[[int], Regression | None]
) -> np.ndarray:
    """A regression on every fine cell of land, 0 elsewhere.

    Args:
        features: of a cell and a month.
        band: of rows.
        maps: (map, n_lat, n_lon) of the same rows.
        months: (M,) datetime64[M].
        of: position in `months` -> the regression to apply there.
    Returns: (M, n_lat, n_lon) float32, mm.
    """
    land = band.land > 0
    result = np.zeros((len(months), *band.grid.shape), dtype=np.float32)
    if land.any():
        for position, rows in features.fine(band, maps, months):
            regression = of(position)
            if regression is not None:
                result[position][land] = regression(rows)
    return result


def whole_fields(
    features: Features, climate: FineClimate, months: np.ndarray, of: Callable[[int], Regression | None]
) -> np.ndarray:
    """`fine_fields` of a whole region, in bands."""
    maps = features.maps(climate)
    parts = bands(climate.grid.n_lat, climate.grid.n_lon, features.count)
    return np.concatenate([fine_fields(features, climate.band(rows), maps[:, rows], months, of) for rows in parts], axis=1)
