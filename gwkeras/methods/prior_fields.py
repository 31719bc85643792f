"""A prior's fields of some months, each made when it is looked at: for the globe a year of them is half a gigabyte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.parts import FittedPrior


@dataclass(frozen=True)
class PriorFields(Mapping[Month, np.ndarray]):
    """Month -> f, (s n_lat, s n_lon) mm, 0 where it is not known.

    Args:
        prior: as fitted.
        domain: where it is asked.
        months: in their order.
    """

    prior: FittedPrior
    domain: Domain
    months: Sequence[Month]

    def __getitem__(self, month: Month) -> np.ndarray:
        return np.nan_to_num(np.asarray(self.prior.predict(self.domain, month).mean, dtype=float))

    def __iter__(self) -> Iterator[Month]:
        return iter(self.months)

    def __len__(self) -> int:
        return len(self.months)
