"""Records of wells that say nothing of storage: constant ones, those with a shifted datum, those that are too short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gwkeras.analysis.wells.settings import QualityConfig

CONSTANT = "constant"
JUMP = "jump"
TOO_SHORT = "too short"
NO_READINGS = "no readings in the months of the fields"
_NORMAL = 1.4826  # standard deviation over median absolute deviation, of a Normal
_YEARS_EACH_SIDE = 2


@dataclass(frozen=True)
class Checked:
    """What became of records.

    Args:
        level: (wells, months) m, without the readings that were left out.
        reason: (wells,) empty where a record is of use.
        detail: (wells,) what was found.
        spikes: readings left out.
    """

    level: np.ndarray
    reason: np.ndarray
    detail: np.ndarray
    spikes: int


def checked(level: np.ndarray, months: np.ndarray, config: QualityConfig) -> Checked:
    """Looks at each record.

    Args:
        level: (wells, months) m; NaN where unknown. Only months that count.
        months: (months,) datetime64[M].
        config: limits.
    """
    level = level.copy()
    reason, detail = (np.full(len(level), "", dtype=object) for _ in range(2))
    numbers = months.astype("datetime64[M]").astype(int)
    spikes = 0
    for k, record in enumerate(level):
        known = np.flatnonzero(np.isfinite(record))
        far = known[_spikes(record[known], config)]
        record[far] = np.nan
        spikes += far.size
        known = np.flatnonzero(np.isfinite(record))
        values = record[known]
        if not known.size:
            reason[k] = NO_READINGS
        elif known.size < config.least_months:
            reason[k], detail[k] = TOO_SHORT, f"{known.size} of at least {config.least_months}"
        elif said := _constant(values, config):
            reason[k], detail[k] = CONSTANT, said
        elif said := _jump(values, numbers[known], months[known], config):
            reason[k], detail[k] = JUMP, said
    return Checked(level, reason, detail, spikes)


def _spikes(values: np.ndarray, config: QualityConfig) -> np.ndarray:
    if values.size < 6:
        return np.zeros(values.shape, bool)
    away = np.abs(values - np.median(values))
    spread = _NORMAL * np.median(away)
    found = (away > config.spike_metres) & (away > config.spike_spreads * spread)
    return found if found.sum() <= 0.05 * values.size else np.zeros(values.shape, bool)  # many are no accident


def _constant(values: np.ndarray, config: QualityConfig) -> str:
    if np.std(values) < config.constant_below:
        return f"standard deviation {np.std(values):.3f} m"
    most = int(np.unique(values, return_counts=True)[1].max())
    return f"{most} of {values.size} readings are one value" if most > config.constant_share * values.size else ""


def _jump(values: np.ndarray, numbers: np.ndarray, months: np.ndarray, config: QualityConfig) -> str:
    """A step between two readings that stays for two years on both sides and is wide of both sides' spread."""
    spacing = max(float(np.median(np.diff(numbers))), 1.0)
    width = int(np.clip(round(12 * _YEARS_EACH_SIDE / spacing), 6, 24))
    if values.size < 2 * width:
        return ""
    windows = sliding_window_view(values, width)
    middle = np.median(windows, axis=1)
    spread = _NORMAL * np.median(np.abs(windows - middle[:, None]), axis=1)
    before, after = slice(None, len(windows) - width), slice(width, None)
    shift = np.abs(middle[after] - middle[before])
    step = np.abs(values[width : values.size - width + 1] - values[width - 1 : values.size - width])
    around = np.maximum(spread[after], spread[before])
    found = (shift > config.jump_metres) & (shift > config.jump_spreads * around) & (step > 0.6 * shift)
    if not found.any():
        return ""
    at = int(np.argmax(np.where(found, shift, 0.0)))
    return f"{shift[at]:.1f} m in {months[at + width]}"
