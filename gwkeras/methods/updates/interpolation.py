"""Interpolation of what the prior has missed, through its own operator; on top, if wanted, every product cell at its own mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gwkeras.core.block_sums import block_sums
from gwkeras.core.config.key import key
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve, upsample
from gwkeras.methods.method import Prediction
from gwkeras.methods.parts import Constant


@dataclass(frozen=True)
class Interpolation(Constant):
    """f + U (G − H f), U nearest neighbour, bilinear or bicubic (Keys, a = −0.5).

    With `conserving` each product cell is then shifted to its own mean; for a product without a filter that is H Ŝ = G.

    Args:
        kernel: of the interpolation.
        conserving: whether product cells keep their means.

    >>> Interpolation("bicubic", conserving=True).label
    'bicubic + conservation'
    """

    kernel: Literal["nearest", "bilinear", "bicubic"] = key("bicubic", "of the interpolation; bicubic: Keys, a = -0.5")
    conserving: bool = key(False, "shift each product cell to its own mean afterwards")

    @property
    def label(self) -> str:
        return f"{self.kernel} + conservation" if self.conserving else self.kernel

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """See `gwkeras.methods.parts.FittedUpdate.apply`; σ loses what conservation takes away."""
        observed, prior = domain.storage_of(month), expected.mean
        missed = observed - domain.observation(prior).astype(observed.dtype) if prior.any() else observed
        fine = upsample(missed, domain.factor, self.kernel, periodic=domain.coarse.is_periodic)
        fine = fine + prior if prior.any() else fine
        sigma = expected.sigma
        if self.conserving:
            fine = conserve(fine, observed, domain.fine, domain.factor, domain.land_fine)
            sigma = None if sigma is None else conserved_sigma(sigma, domain.fine, domain.factor, domain.land_fine)
        land = domain.land_fine > 0
        known = land & nearest_upsample(np.isfinite(observed), domain.factor)
        return Prediction(np.where(land, fine, np.nan), None if sigma is None else np.where(known, sigma, np.nan))


def conserved_sigma(sigma: np.ndarray, grid: Grid, factor: int, land: np.ndarray) -> np.ndarray:
    """Standard error of ŷ + nearest(g − blockmean(ŷ)), given that of ŷ.

    The error that is left is e − Σ w e over the block, w the cells' shares of its land area: with independent errors a
    variance of (1 − 2w) σ² + Σ w² σ². Errors that go together within a block lose more, so that this is not too small.

    Args:
        sigma: (s n_lat, s n_lon) mm, NaN where unknown.
        grid: the fine grid.
        factor: s.
        land: the same shape as `sigma`, land fractions.
    """
    weight = np.where(np.isfinite(sigma), grid.area * land, 0.0)
    total = nearest_upsample(block_sums(weight, factor), factor)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    variance = np.square(np.nan_to_num(sigma).astype(np.float64))
    mixed = nearest_upsample(block_sums(share**2 * variance, factor), factor)
    return np.where(np.isfinite(sigma), np.sqrt(np.maximum((1 - 2 * share) * variance + mixed, 0.0)), np.nan)
