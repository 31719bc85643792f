"""No update: the prior is the answer, as for a network that has seen the product itself."""

from __future__ import annotations

from dataclasses import dataclass

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Prediction
from gwkeras.methods.parts import Constant


@dataclass(frozen=True)
class NoUpdate(Constant):
    """K = 0.

    >>> NoUpdate().label
    ''
    """

    label = ""
    digest = ""

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """`expected` itself; see `gwkeras.methods.parts.FittedUpdate.apply`."""
        return expected
