"""A network as a prior: what it adds to the product, without the product that it has seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve, upsample
from gwkeras.methods.calibrated import Calibrated
from gwkeras.methods.method import Part, Prediction


@dataclass(frozen=True)
class NetworkDetail:
    """f = Ŝ − I G: the network's field less the product as bicubic interpolation with conservation carries it.

    A network that takes the product as an input would tell any update the product a second time. Its detail has block means
    of 0, so that H f = 0 without a filter, and f + I (G − H f) is the network's own field again.

    Args:
        alone: the network with its calibrated σ, a method by itself.
    """

    alone: Calibrated

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """See `gwkeras.methods.parts.FittedPrior.predict`; NaN where the product is unknown."""
        found = self.alone.predict(domain, month, part)
        return Prediction((found.mean - carried(domain, month)).astype(np.float32), found.sigma)

    @property
    def digest(self) -> str:
        """That of the network and its calibration."""
        return f"detail of {self.alone.digest}"

    def save(self, folder: Path) -> None:
        """Nothing to keep: the run folder holds the network."""


def carried(domain: Domain, month: Month) -> np.ndarray:
    """(s n_lat, s n_lon) mm, float64: I G of a month; NaN where the product is unknown."""
    observed = np.where(domain.land > 0, domain.storage_of(month), np.nan).astype(np.float64)
    smooth = upsample(observed, domain.factor, "bicubic", periodic=domain.coarse.is_periodic)
    return conserve(smooth, observed, domain.fine, domain.factor, domain.land_fine)
