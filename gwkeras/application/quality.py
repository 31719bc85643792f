"""Where a downscaled value deserves less trust: reasons as bits, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.coast import near_coast
from gwkeras.domain.domain import Domain
from gwkeras.fields.writing.quality_flags import FLAGS, NO_DATA


@dataclass(frozen=True)
class TrainedRange:
    """Smallest and largest value of each climate channel that training has seen, in the order of the channels."""

    low: tuple[float, ...]
    high: tuple[float, ...]


def quality(domain: Domain, month: Month, trained: TrainedRange | None) -> np.ndarray:
    """(s n_lat, s n_lon) uint8: bits of `FLAGS`; `NO_DATA` where there is nothing to judge.

    Args:
        trained: None where it is unknown; then nothing extrapolates.
    """
    storage = domain.storage_of(month)
    known = np.isfinite(storage) & (domain.land > 0)
    bits = FLAGS["near_coast"] * near_coast(np.where(known, domain.land, 0.0), domain.coarse.is_periodic).astype(np.uint8)
    if trained is not None:
        bits = bits | FLAGS["extrapolates"] * outside(domain.climate_of(month), trained.low, trained.high).astype(np.uint8)
    previous = domain.previous_of(month)
    lacking = np.ones_like(known) if previous is None else ~np.isfinite(previous)
    bits = bits | FLAGS["no_predecessor"] * lacking.astype(np.uint8)
    shown = nearest_upsample(known, domain.factor) & (domain.land_fine > 0)
    return np.where(shown, nearest_upsample(bits, domain.factor), NO_DATA).astype(np.uint8)


def outside(climate: np.ndarray, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """(n_lat, n_lon) whether any month of any channel of `climate` (T, n_lat, n_lon, D) lies outside low … high."""
    beyond = (climate < np.asarray(low)) | (climate > np.asarray(high))
    return np.asarray(beyond.any(axis=(0, 3)))
