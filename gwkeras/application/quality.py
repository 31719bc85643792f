"""Where a downscaled value deserves less trust: reasons as bits, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.writing.quality_flags import FLAGS, NO_DATA

_COAST_LAND = 0.5


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


def near_coast(land: np.ndarray, periodic: bool) -> np.ndarray:
    """(n_lat, n_lon) whether a cell or one of its eight neighbours is less than half land.

    What lies beyond the domain is not known to be sea, and does not count. `periodic`: the first column follows the last.
    """
    open_water = land < _COAST_LAND
    rows = np.pad(open_water, ((1, 1), (0, 0)))
    rows = rows[:-2] | rows[1:-1] | rows[2:]
    padded = np.pad(rows, ((0, 0), (1, 1)), mode="wrap" if periodic else "constant")
    return padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]


def outside(climate: np.ndarray, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """(n_lat, n_lon) whether any month of any channel of `climate` (T, n_lat, n_lon, D) lies outside low … high."""
    beyond = (climate < np.asarray(low)) | (climate > np.asarray(high))
    return np.asarray(beyond.any(axis=(0, 3)))
