"""Interpolations: the methods that see nothing but the coarse field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import Kind, conserve, upsample
from gwkeras.methods.method import Prediction


@dataclass(frozen=True)
class Interpolation:
    """Nearest neighbour, bilinear or bicubic interpolation; `conserving` shifts each coarse cell to its own mean afterwards."""

    kind: Kind
    conserving: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind} + conservation" if self.conserving else self.kind

    def predict(self, domain: Domain, month: Month) -> Prediction:
        coarse = domain.storage_of(month)
        fine = upsample(coarse, domain.factor, self.kind, periodic=domain.coarse.is_periodic)
        if self.conserving:
            fine = conserve(fine, coarse, domain.fine, domain.factor, domain.land_fine)
        return Prediction(np.where(domain.land_fine > 0, fine, np.nan))


BASELINES: tuple[Interpolation, ...] = (
    Interpolation("nearest"),
    Interpolation("bilinear"),
    Interpolation("bicubic"),
    Interpolation("bicubic", conserving=True),
)
"""What every method is compared with, simplest first."""
