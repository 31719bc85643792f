"""The storage model as a prior: snow, soil, delay, groundwater and pumping, learned from the product through its operator.

f is what a monthly water balance holds as groundwater (`equations.py`). Its parameters are bounded functions of maps and mean
climate and, for what is on no map, of a smooth regional field (`parameters.py`; Samaniego et al. 2010, doi 10.1029/2008WR007327).
They minimise ‖G − H f‖² in the metric (H C Hᵀ + R)⁻¹ (`descent.py`). The model is taught on the product's cells and run on the
fine ones. No truth, no random number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.months import month_number
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.ridge.local_amplitude import spacing_km
from gwkeras.methods.priors.storage_model.descent import Descent, descend
from gwkeras.methods.priors.storage_model.fitted import FittedStorageModel
from gwkeras.methods.priors.storage_model.ground import Ground, maps_of
from gwkeras.methods.priors.storage_model.linearised import Seen
from gwkeras.methods.priors.storage_model.parameters import Weights
from gwkeras.methods.priors.storage_model.weather import NEEDED
from gwkeras.methods.priors.teaching.belief import why_nothing
from gwkeras.methods.priors.teaching.bumps import Bumps
from gwkeras.methods.priors.teaching.product import teaching_of
from gwkeras.methods.priors.teaching.seen_bumps import SeenBumps
from gwkeras.methods.training import Training


@dataclass(frozen=True)
class StorageModel:
    """A monthly storage model whose parameters maps explain, taught on the product through its operator.

    Args:
        regional: whether recharge, residence time and pumping may depart, smoothly in space, from what maps say.
    """

    regional: bool = key(True, "allow recharge, residence time and pumping to depart smoothly in space from what the maps imply")

    label: ClassVar[str] = "storage model"
    needs_shards: ClassVar[bool] = False
    holds_back: ClassVar[bool] = True  # it is 0 by itself where held-out product does not bear it out

    def fit(self, training: Training, progress: Progress = silent) -> FittedStorageModel:
        """Parameters from the product in the training months.

        Args:
            training: storage of other months than the training's, and of held-out blocks, is never looked at.
            progress: called once a step of the descent.
        Raises: MissingMonths: where there are too few training months, or the climate does not reach them.
        """
        months = np.array(training.months, dtype="datetime64[M]")
        climate = FineClimate.of(training.domain)
        without = [name for name in NEEDED if name not in climate.channels]
        if without:
            return FittedStorageModel.nothing(months, f"the climate has no {without[0]}")
        climate.require(months, "storage model")
        teaching = teaching_of(training)
        standard, maps = maps_of(climate)
        half_weight = training.domain.observation.point_spread.half_weight_km
        bumps = Bumps.over(training.domain.coarse, spacing_km(training.domain.coarse, half_weight))
        if not self.regional:
            bumps = Bumps(bumps.lat[:0], bumps.lon[:0], bumps.lat_width, bumps.lon_width)
        middle = float(month_number(months[[0, -1]]).mean())
        ground = Ground.of(climate, maps, bumps, middle, teaching.factor, teaching.needed)
        seen = Seen(ground, teaching, SeenBumps(bumps, teaching))
        found = descend(seen, Weights.textbook(len(ground.maps), len(ground.bumps)), progress)
        left_out = (f"storage model: maps left out: {'; '.join(standard.left_out)}",) if standard.left_out else ()
        notes = (_note(found), *left_out)
        taught = np.stack([ground.maps.min(axis=1), ground.maps.max(axis=1)])
        known = found.weights, found.amplitude, standard, bumps, months, middle, notes, taught
        return FittedStorageModel(*known, found.held_out.gain)

    def load(self, folder: Path, training: Training) -> FittedStorageModel:
        """What `FittedStorageModel.save` has kept.

        Raises: BadInput: where the folder holds no storage model.
        """
        return FittedStorageModel.load(folder)


def _note(found: Descent) -> str:
    said = f"{found.held_out.gain:.3f} ± {found.held_out.gain_error:.3f} of the held-out product's variance explained"
    if not found.amplitude:
        return f"storage model: 0 everywhere, since {why_nothing(found.held_out.gain, found.held_out.gain_error, 'it does')}"
    region = f"; a regional field explains {found.region_gain:.3f} more in other months" if found.likely_region else ""
    return f"storage model: strength {found.strength:g}, amplitude {found.amplitude:.2f}, {said}{region}"
