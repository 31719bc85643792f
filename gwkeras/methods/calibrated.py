"""Any method or prior with its σ and its interval calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gwkeras.core.calibration import Calibration
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.training import Training

_CELLS_A_MONTH = 20_000  # enough to know a quantile, few enough for any number of months

Predict = Callable[[Domain, Month], Prediction]
"""The fine field of a month of a domain, with σ."""


@dataclass(frozen=True)
class Calibrated:
    """Multiplies σ by the calibration's factor and puts the interval around the mean; the mean stays.

    Args:
        inner: a fitted prior or method that states a σ.
        calibration: of that σ.
        digest: changes with anything that changes the predictions.
    """

    inner: object
    calibration: Calibration
    digest: str = ""

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """See `gwkeras.methods.method.Method.predict`."""
        return calibrated(self.inner.predict(domain, month, part), self.calibration)  # type: ignore[attr-defined]

    def save(self, folder: Path) -> None:
        """Nothing to keep: the network and its calibration lie in the run folder."""


def calibrated(prediction: Prediction, calibration: Calibration) -> Prediction:
    """A prediction with its σ calibrated, and with the interval that follows; without σ, itself."""
    if prediction.sigma is None:
        return prediction
    sigma = calibration.sigma_scale * prediction.sigma
    half = calibration.interval_factor * sigma
    detail = None if prediction.detail_sigma is None else calibration.sigma_scale * prediction.detail_sigma
    return Prediction(
        prediction.mean,
        sigma,
        prediction.mean - half,
        prediction.mean + half,
        calibration.interval,
        calibration.quantiles,
        detail,
        calibration.measured,
    )


def calibrate_on(predict: Predict, training: Training, interval: float) -> Calibration:
    """A calibration from the validation months, at the fine target of the domain, outside what is withheld.

    Args:
        predict: what is to be calibrated.
        training: whose domain holds a target.
        interval: probability of the interval.
    Returns: factors of one, errors taken for Normal, where the domain holds no target or σ is not stated.
    """
    domain, rng, ratios = training.domain, np.random.default_rng(training.seed), [np.zeros(0)]
    if domain.fine_target is not None:
        for month in training.validation_months:
            found = predict(domain, month)
            if found.sigma is None:
                break
            error = np.abs(domain.target(month, 0, 0, *domain.coarse.shape)[..., 0] - found.mean)
            known = np.isfinite(error) & (found.sigma > 0) & (domain.land_fine > 0) & ~training.withheld
            ratios.append(rng.permutation(error[known] / found.sigma[known])[:_CELLS_A_MONTH])
    together = np.concatenate(ratios)
    return Calibration.of(together, interval, f"{together.size} cells of the validation months")
