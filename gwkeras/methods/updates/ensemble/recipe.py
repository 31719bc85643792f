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
from gwkeras.core.progress import Progress
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.priors.storage_model.ensemble import Perturbation
from gwkeras.methods.priors.storage_model.fitted import FittedStorageModel
from gwkeras.methods.training import Training
from gwkeras.methods.updates.ensemble.fitted import FittedEnsemble
from gwkeras.methods.updates.ensemble.months import amplitude_of, members_of, usual_stores
from gwkeras.methods.updates.ensemble.seen import Seen
from gwkeras.methods.updates.ensemble.settings import Settings

_FACTORS = (0.5, 3.0)  # of the perturbations that are asked for, least and most
_LEAST_NEW = 0.3  # share of the errors that is taken to be a month's own: without any, members agree ever more
_STAYS = 0.98  # correlation of errors from month to month, at most
_REACH_CELLS, _REACH_SPREAD = 2.0, 1.0  # half-width of the taper: cells that are asked, and half-weight distances, at least


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
    length_km: float = key(
        200.0, "correlation length of the perturbations; half of their variance has a quarter of it", unit="km", above=0
    )

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
        missed = _Missed.by(model, training, seen, asked)
        perturbation, said = _sizes(missed, seen, asked.perturbation, float(amplitude_of(model)))
        notes = [f"{self.label}: {self.members} members, {said}"]
        if not model.amplitude:
            notes.append(f"{self.label}: the storage model does not predict held-out product; its members run nevertheless")
        return FittedEnsemble(self.label, model, replace(asked, perturbation=perturbation), tuple(notes))

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
        reach_km: half-width of the taper that localises; 0: two cells, or the filter's half-weight distance.
        relaxation: share of its departure from the mean that a member keeps beside what the product leaves of it.
    """

    lag: int = key(0, "earlier months that a month's product corrects, too; 0: none", unit="months", at_least=0, at_most=24)
    reach_km: float = key(0.0, "half-width of the localisation; 0: by cells and point spread", unit="km", at_least=0)
    relaxation: float = key(
        0.5, "relaxation of the members' spread to what it was before the update", unit="1", at_least=0, at_most=1
    )

    label: ClassVar[str] = "ensemble"

    def _settings(self, training: Training, seen: Seen, floor: float) -> Settings:
        usual = float(max(_REACH_CELLS * seen.grid.height_km, _REACH_SPREAD * training.domain.point_spread.half_weight_km))
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


@dataclass(frozen=True)
class _Missed:
    """What the members have missed of the product in the training months, left to themselves, on the cells that are asked.

    Args:
        months: (M,) datetime64[M].
        errors: (M, m) mm, product less the members' mean; NaN where it is not known or held out.
        variance: (M, m) mm² over members.
        shown: share of an error's variance that the product shows.
        forgotten: share of its variance that the groundwater loses in a month.
    """

    months: np.ndarray
    errors: np.ndarray
    variance: np.ndarray
    shown: float
    forgotten: float

    @classmethod
    def by(cls, model: FittedStorageModel, training: Training, seen: Seen, settings: Settings) -> _Missed:
        domain, amplitude = training.domain, amplitude_of(model)
        usual = usual_stores(model, members_of(model, domain, settings, seen.factor))
        members = members_of(model, domain, settings, seen.factor)
        wanted = {month.astype("datetime64[M]").item(): month for month in training.months}
        held_out = training.split.untrained(seen.grid)[tuple(seen.cells.T)]

        def shown(values: np.ndarray) -> np.ndarray:
            fields = np.zeros((len(values), *seen.grid.shape), dtype=np.float32)
            fields[:, members.ground.land] = values
            return seen.of_means(fields)

        stamps, errors, variance = [], [], []
        for stamp, stores in zip(members.ground.weather.months, members, strict=True):
            if stamp.item() in wanted:
                found = shown(amplitude * members.storage_of(stores - usual))
                stamps.append(stamp)
                errors.append(np.where(held_out, np.nan, seen.product(wanted[stamp.item()]) - found.mean(axis=0)))
                variance.append(found.var(axis=0, ddof=1))
        seen_share = float(np.mean(shown(members.drawn()) ** 2))
        forgotten = float(1 - np.exp(-2 / members.parameters["residence"]).mean())
        return cls(np.array(stamps), np.stack(errors), np.stack(variance), seen_share, forgotten)


def _sizes(missed: _Missed, seen: Seen, asked: Perturbation, amplitude: float) -> tuple[Perturbation, str]:
    """Perturbations under which members' variance and noise are what they miss of the product, and a sentence.

    Errors that stay from month to month are those of rain and parameters, whose spread is taken to grow as they do. What is new
    in a month is an error of its own: with r the correlation from month to month, the variance of e − r e₋₁, so a share of all.
    It is put into the groundwater, which keeps it: what is added in a month is as much less.
    """
    known = np.isfinite(missed.errors)
    noise = float(np.broadcast_to(seen.variance, known.shape)[known].mean())
    pairs = np.flatnonzero(np.diff(missed.months.astype(int)) == 1)
    before, after = missed.errors[pairs], missed.errors[pairs + 1]
    both = np.isfinite(before) & np.isfinite(after)
    left = max(float(np.mean(missed.errors[known] ** 2)) - noise, 0.0)
    power = float(np.mean(before[both] ** 2)) if both.any() else 0.0
    kept = float(np.clip(np.mean(before[both] * after[both]) / power, 0.0, _STAYS)) if power else 0.0
    new = float(np.mean((after - kept * before)[both] ** 2)) - (1 + kept**2) * noise if both.any() else 0.0
    share = float(np.clip(new / max((1 - kept**2) * left, 1e-12), _LEAST_NEW, 1.0))
    factor = float(np.clip(np.sqrt((1 - share) * left / max(float(missed.variance[known].mean()), 1e-12)), *_FACTORS))
    error = float(np.sqrt(share * left * missed.forgotten / max(missed.shown, 1e-3))) / amplitude
    said = (
        f"rain ± {factor * asked.rain:.0%}, parameters ± {factor * asked.parameters:.0%} ({factor:.2g} times what is asked "
        f"for) and {error:.2g} mm a month of errors of its own, by what the model misses of the product ({np.sqrt(left):.2g} mm)"
    )
    return replace(asked, rain=asked.rain * factor, parameters=asked.parameters * factor, error_mm=error), said
