"""Whether a field, seen as the satellite sees it, is the product: the size of G − H Ŝ."""

from __future__ import annotations

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.observation.operator import Observation


def product_gap(domain: Domain, observation: Observation, mean: np.ndarray, month: Month) -> tuple[float, float]:
    """Σ area × (G − H Ŝ)² over the product's land cells, mm² km², and their area, km².

    Args:
        domain: whose product it is.
        observation: H, the filter included where the field is of storage.
        mean: (s n_lat, s n_lon) mm, a method's field Ŝ.
        month: of the field.
    """
    gap = observation(mean) - domain.storage_of(month)
    area = np.where(np.isfinite(gap), domain.coarse.area * domain.land, 0.0)
    return float((area * np.nan_to_num(gap) ** 2).sum()), float(area.sum())
