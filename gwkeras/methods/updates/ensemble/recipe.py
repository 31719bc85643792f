"""The ensemble Kalman filter and smoother on the storage model, and its members left to themselves.

Members differ in their rain and parameters (`storage_model/ensemble.py`); how far is settled by what the model has missed of the
product in the training months. After each month that has a product they are brought to it (`analysis.py`, `localised.py`), and go
on from there; the smoother corrects some months before as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import EARTH_RADIUS_KM
from gwkeras.methods.parts import FittedPrior, Progress
from gwkeras.methods.priors.storage_model.ensemble import Perturbation
from gwkeras.methods.priors.storage_model.fitted import FittedStorageModel
from gwkeras.methods.training import Training
from gwkeras.methods.updates.ensemble.fitted import FittedEnsemble
from gwkeras.methods.updates.ensemble.months import amplitude_of, members_of, usual_storage
from gwkeras.methods.updates.ensemble.seen import Seen
from gwkeras.methods.updates.ensemble.settings import Settings

_FACTORS = (0.5, 3.0)  # of the perturbations that are asked for, least and most
_REACH_CELLS, _REACH_SPREAD = 3.0, 1.0  # half-width of the taper: cells that are asked, and half-weight distances, at least


@dataclass(frozen=True)
class OpenLoop:
    """The members' mean and spread, without the product.

    Args:
        members: of the ensemble.
        rain: relative standard deviation of a month's precipitation.
        parameters: relative standard deviation of each parameter.
        length_km: over which half of a perturbation goes together.
    """

    members: int = key(40, "of the ensemble", at_least=10, at_most=500)
    rain: float = key(0.15, "relative standard deviation of a month's rain", unit="1", above=0, at_most=1)
    parameters: float = key(0.2, "relative standard deviation of each parameter", unit="1", above=0, at_most=1)
    length_km: float = key(200.0, "over which half of a perturbation goes together", unit="km", above=0)

    label: ClassVar[str] = "open loop"
    needs_shards: ClassVar[bool] = False

    def fit(self, prior: FittedPrior, training: Training, progress: Progress) -> FittedEnsemble:
        """How far members differ, from what the product has missed of the model in the training months.

        Args:
            prior: a storage model.
            training: storage of other months than the training's is not looked at.
            progress: not called.
        Raises: BadInput: where the prior has no ensemble.
        """
        model = _model_of(self.label, prior)
        floor = Seen.of(training.domain, 0.0).noise_floor(training.months)
        seen = Seen.of(training.domain, floor)
        asked = self._settings(training, seen, floor)
        factor, said = _spread(model, training, seen, asked)
        notes = [f"{self.label}: {self.members} members, {said}"]
        if not model.amplitude:
            notes.append(f"{self.label}: held-out product does not bear the storage model out; its members run all the same")
        return FittedEnsemble(self.label, model, replace(asked, perturbation=asked.perturbation.times(factor)), tuple(notes))

    def load(self, folder: Path, training: Training) -> FittedEnsemble:
        """What `FittedEnsemble.save` has kept.

        Raises: BadInput: where the folder holds no ensemble.
        """
        return FittedEnsemble.load(folder)

    def _settings(self, training: Training, seen: Seen, floor: float) -> Settings:
        return Settings(self.members, Perturbation(self.rain, self.parameters, self.length_km), training.seed, floor)


@dataclass(frozen=True)
class EnsembleFilter(OpenLoop):
    """The members, brought to the product month after month.

    Args:
        lag: months that the product of a month still corrects, backwards; 0: a filter.
        reach_km: half-width of the taper that localises; 0: three cells, or the filter's half-weight distance.
        relaxation: share of its departure from the mean that a member keeps beside what the product leaves of it.
    """

    lag: int = key(2, "months that a product corrects backwards; 0: a filter", unit="months", at_least=0, at_most=24)
    reach_km: float = key(0.0, "half-width of the localisation; 0: by cells and point spread", unit="km", at_least=0)
    relaxation: float = key(0.5, "of members' departures to what they were before a product", unit="1", at_least=0, at_most=1)

    label: ClassVar[str] = "ensemble"

    def _settings(self, training: Training, seen: Seen, floor: float) -> Settings:
        cell = np.deg2rad(seen.grid.lat_step) * EARTH_RADIUS_KM
        usual = float(max(_REACH_CELLS * cell, _REACH_SPREAD * training.domain.point_spread.half_weight_km))
        plain = super()._settings(training, seen, floor)
        return replace(plain, lag=self.lag, reach_km=self.reach_km or usual, relaxation=self.relaxation)


def _model_of(who: str, prior: FittedPrior) -> FittedStorageModel:
    if not isinstance(prior, FittedStorageModel):
        raise BadInput(
            f"update {who}",
            expected="a prior that can be run as an ensemble, storage_model",
            found=type(prior).__name__,
            remedy="name prior: storage_model, or update: kriging",
        )
    if prior.weights is None:
        raise BadInput(
            f"update {who}",
            expected="a storage model that can be run",
            found="; ".join(prior.notes),
            remedy="give the climate that it needs, or name update: kriging",
        )
    return prior


def _spread(model: FittedStorageModel, training: Training, seen: Seen, settings: Settings) -> tuple[float, str]:
    """The factor on the perturbations under which members' variance and noise are what the product has missed, and a sentence.

    Members run on the cells that are asked, which are few; the spread is taken to grow as the perturbations do.
    """
    domain, amplitude = training.domain, amplitude_of(model)
    usual = usual_storage(model, members_of(model, domain, settings, seen.factor))
    members = members_of(model, domain, settings, seen.factor)
    wanted = {month.astype("datetime64[M]").item(): month for month in training.months}
    land, held_out = members.ground.land, training.split.untrained(seen.grid)[tuple(seen.cells.T)]
    missed, spread = [], []
    for stamp, storage in zip(members.ground.weather.months.tolist(), members, strict=True):
        if stamp in wanted:
            fields = np.zeros((settings.members, *seen.grid.shape), dtype=np.float32)
            fields[:, land] = amplitude * (storage - usual)
            shown = seen.of_means(fields)
            missed.append(np.where(held_out, np.nan, seen.product(wanted[stamp]) - shown.mean(axis=0)))
            spread.append(shown.var(axis=0, ddof=1))
    errors = np.stack(missed)
    known = np.isfinite(errors)
    left = float(np.mean(errors[known] ** 2) - np.broadcast_to(seen.variance, errors.shape)[known].mean())
    own = float(np.stack(spread)[known].mean())
    factor = float(np.clip(np.sqrt(max(left, 0.0) / max(own, 1e-12)), *_FACTORS))
    at = settings.perturbation.times(factor)
    said = (
        f"rain ± {at.rain:.0%}, parameters ± {at.parameters:.0%}: {factor:.2g} times what is asked for, so that members miss the "
        f"product as the model does ({np.sqrt(max(left, 0.0)):.2g} mm)"
    )
    return factor, said
