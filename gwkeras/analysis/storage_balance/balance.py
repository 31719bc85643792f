"""Groundwater storage anomaly = total storage − soil − snow − canopy (− surface water − glaciers), all on one baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import MissingMonths
from gwkeras.core.months import calendar_month, from_month_number

_FEWEST_BASELINE_MONTHS = 12
_OTHER_BASELINE = 1.0  # mm; a total storage that is off by less on the baseline is on it


@dataclass(frozen=True)
class Component:
    """One record on the grid of total storage.

    Args:
        months: (M,) numbers of months, ascending.
        values: (M, n) mm; NaN where unknown.
        sigma: the same shape, or one number for all, mm; None where it is not known.
    """

    months: np.ndarray
    values: np.ndarray
    sigma: np.ndarray | float | None = None

    def at(self, months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and σ, each (months, n), of months that are all there; σ is 0 where it is not known."""
        place = np.searchsorted(self.months, months)
        sigma = 0.0 if self.sigma is None else self.sigma
        return self.values[place], np.broadcast_to(sigma, self.values.shape)[place]


@dataclass(frozen=True)
class Balance:
    """Groundwater storage anomalies.

    Args:
        months: (M,) numbers of months that all components have.
        gwsa: (M, n) mm.
        sigma: (M, n) mm, the components' errors added by squares.
        notes: what a reader should know.
    """

    months: np.ndarray
    gwsa: np.ndarray
    sigma: np.ndarray
    notes: tuple[str, ...]


def balance(total: Component, parts: Mapping[str, Component], baseline: tuple[int, int], said: str) -> Balance:
    """What is left of total storage.

    Every record is made an anomaly of its mean over the same months: those of the baseline that all have. Otherwise a gap in
    one would leave a share of the season in the difference.

    Args:
        total: total storage.
        parts: name -> what is taken from it.
        baseline: first and last month, by number.
        said: the baseline in words.
    Raises: MissingMonths: where records share no month, or less than a year of the baseline.
    """
    months = total.months
    for part in parts.values():
        months = np.intersect1d(months, part.months)
    if not months.size:
        spans = [("total storage", total), *parts.items()]
        raise MissingMonths(
            "storage balance",
            expected="months that all records share",
            found="; ".join(f"{name} {_month(c.months[0])} to {_month(c.months[-1])}" for name, c in spans if c.months.size),
            remedy="give records of the same years",
        )
    base = (months >= baseline[0]) & (months <= baseline[1])
    calendar = np.unique(calendar_month(from_month_number(months[base])))
    if base.sum() < _FEWEST_BASELINE_MONTHS or calendar.size < 12:
        raise MissingMonths(
            f"baseline {said}",
            expected=f"at least {_FEWEST_BASELINE_MONTHS} months of it, one of each calendar month, in all records",
            found=f"{int(base.sum())} months",
            remedy="name another baseline, or give longer records",
        )
    notes = [f"All anomalies are relative to the mean over {said}, {int(base.sum())} months that all records have."]
    gwsa, variance = total.at(months)
    mean = _mean(gwsa[base])
    offset = float(np.sqrt(np.nanmean(mean**2)))
    if offset > _OTHER_BASELINE:
        notes.append(
            f"Total storage had another baseline (its mean over {said} is {offset:.1f} mm, rms) and was converted to this one."
        )
    gwsa, variance = gwsa - mean, variance**2
    unknown = [] if total.sigma is not None else ["total storage"]
    for name, part in parts.items():
        values, sigma = part.at(months)
        gwsa = gwsa - (values - _mean(values[base]))
        variance = variance + sigma**2
        unknown += [name] if part.sigma is None else []
    if unknown:
        notes.append(f"No error is known for {', '.join(unknown)}: it counts as zero, so the written errors are too small.")
    absent = total.months.size - months.size
    if absent:
        notes.append(f"{absent} months of total storage are left out: another record does not have them.")
    lost = int((np.isfinite(total.values).any(axis=0) & ~np.isfinite(gwsa).any(axis=0)).sum())
    if lost:
        notes.append(f"{lost} cells of total storage are left empty: another record has no data there.")
    sigma = np.where(np.isfinite(gwsa), np.sqrt(variance), np.nan)
    return Balance(months, gwsa, sigma, tuple(notes))


def _mean(values: np.ndarray) -> np.ndarray:
    """(n,) over the months; NaN where any month is unknown in more than a tenth of them."""
    known = np.isfinite(values)
    number = known.sum(axis=0)
    enough = number >= 0.9 * len(values)
    return np.divide(np.where(known, values, 0.0).sum(axis=0), number, out=np.full(number.shape, np.nan), where=enough)


def _month(number: int) -> str:
    return str(from_month_number(number))[:7]
