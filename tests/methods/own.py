"""A prior and an update that no file of gwkeras knows: what somebody else's package would hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.grid import nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.parts import Constant


@dataclass(frozen=True)
class ConstantPrior(Constant):
    """The same storage everywhere, with the same standard error."""

    level: float = key(5.0, "mm everywhere")
    spread: float = key(2.0, "its standard error", unit="mm", above=0)

    label = "constant"

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        land = domain.land_fine > 0
        return Prediction(np.where(land, self.level, np.nan), np.where(land, self.spread, np.nan))


@dataclass(frozen=True)
class NearestUpdate(Constant):
    """Adds to each coarse cell what the prior's mean lacks of it."""

    label = "nearest residual"

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        missed = domain.storage_of(month) - domain.observation(expected.mean)
        return Prediction(expected.mean + nearest_upsample(missed, domain.factor), expected.sigma)
