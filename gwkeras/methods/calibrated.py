"""Any method or prior with its σ and its interval calibrated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction


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
