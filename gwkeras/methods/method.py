"""One interface for every way to downscale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain


@dataclass(frozen=True)
class Prediction:
    """Fine storage of one month.

    Args:
        mean: (s n_lat, s n_lon) mm; NaN where there is no land or the coarse cell is unknown.
        sigma: the same shape, mm, standard error; None where the method has none.
        lower, upper: bounds of the interval, mm; None likewise.
        interval: probability that the interval is to hold.
    """

    mean: np.ndarray
    sigma: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    interval: float = 0.9


class Method(Protocol):
    """A way to downscale. It sees a `Domain`, never a target, so that all methods are judged on one footing."""

    @property
    def name(self) -> str:
        """As it stands in tables and in summary.json."""

    def predict(self, domain: Domain, month: Month) -> Prediction:
        """The fine field of a month of `domain.calendar` over the whole domain."""
