"""No prior: storage is expected at its mean everywhere, and all comes from the product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.parts import Constant


@dataclass(frozen=True)
class NoPrior(Constant):
    """f = 0.

    >>> NoPrior().label
    ''
    """

    label = ""

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """Zero in every cell; see `gwkeras.methods.method.Method.predict`."""
        return Prediction(np.zeros(domain.fine.shape, np.float32))
