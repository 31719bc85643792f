"""Monthly means by hour of day: up to 24 steps a month, each the mean over the month of one hour (UTC), stamped on its first day.

What is in them (ECMWF, "ERA5: data documentation" and "ERA5-Land: data documentation", sections on monthly means, stream `mnth`):
states are means at the hour; accumulations are not scaled to a day as in the usual monthly means. ERA5 accumulates over the hour
that ends at the stamp, so that a day is the sum of its 24 hours; ERA5-Land "per forecast step", from 00 UTC on, so that a day is
the value at step 24, stamped 00 UTC of the next day. The files look alike: the values say which of the two it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.core.months import month_start
from gwkeras.fields.canonical import axes_of
from gwkeras.fields.readers.stamps import stamps_of
from gwkeras.fields.readers.variable import field, label, time_coordinate, where_of

_LATEST = np.timedelta64(48, "h")  # after the month's start: forecasts of the evening reach into the second day
_FALL = 0.05  # of the day's amount: dew that a sum from 00 UTC may lose again; hourly amounts fall back by most of themselves
_BEGINNING = 0.25  # of the day's amount: a sum from 00 UTC begins with an hour's; hourly amounts end a day as they began it
_FEWEST = 3  # steps a month; one or two are states and accumulations with stamps of their own


@dataclass(frozen=True)
class HoursOfDay:
    """The steps of a variable by month and hour.

    Args:
        dim: the time dimension's name in the file.
        months: (steps,) first day of each step's month.
        hours: (steps,) 1 … 24, hours after 00 UTC at which the hour that the step stands for ends.
    """

    dim: str
    months: np.ndarray
    hours: np.ndarray

    @property
    def all_hours(self) -> np.ndarray:
        """Ascending, those that any month has."""
        return np.unique(self.hours)

    def months_with_all(self) -> np.ndarray:
        """First days of the months that lack none of `all_hours`."""
        months, counts = np.unique(self.months, return_counts=True)
        return months[counts == self.all_hours.size]


def hours_of_day(data: xr.Dataset, name: str) -> HoursOfDay | None:
    """The hours that a variable's steps stand for; None where it is no record of monthly means by hour of day.

    It is one where some months have three steps or more, all steps lie in the first two days of their months, and no
    month has an hour twice.
    """
    dim = axes_of(data[name]).get("time")
    coordinate = None if dim is None else time_coordinate(data, dim)
    if dim is None or coordinate is None:
        return None
    stamps = stamps_of(data, coordinate)
    months = month_start(stamps)
    if np.any(stamps - months > _LATEST) or np.unique(months, return_counts=True)[1].max(initial=0) < _FEWEST:
        return None
    hours = ((stamps - stamps.astype("datetime64[D]")) / np.timedelta64(1, "h")).round().astype(int)
    hours[hours == 0] = 24
    if np.unique(np.stack([months.astype(np.int64), hours]), axis=1).shape[1] < stamps.size:
        return None
    return HoursOfDay(dim, months, hours)


def as_monthly_mean(data: xr.Dataset, name: str, hours: HoursOfDay, accumulated: bool) -> tuple[xr.Dataset, float, list[str]]:
    """The steps whose mean over a month is what the usual monthly mean is, but for a factor.

    Args:
        data: the file.
        name: of the variable.
        hours: of that variable.
        accumulated: whether it is an amount of an accumulation, to become one per day.
    Returns: the file with these steps only; the factor by which their mean is to be multiplied; notes.
    Raises: BadInput: too few hours to tell the month's mean, or no month with all of them.
    """
    whole = hours.months_with_all()
    if not whole.size:
        raise BadInput(
            where_of(data, name),
            expected="a month with all hours of day that the file has",
            found=f"none of {np.unique(hours.months).size} months with all {hours.all_hours.size}",
            remedy="download the product 'monthly averaged reanalysis', or all 24 hours",
        )
    kept = np.isin(hours.months, whole)
    notes = _left_out(data, hours, whole)
    if not accumulated:
        _check_even(data, name, hours)
        notes.append(f"{label(data)}: monthly means by hour of day; the {hours.all_hours.size} hours of a month are averaged")
        return data.isel({hours.dim: np.flatnonzero(kept)}), 1.0, notes
    if _runs_from_midnight(data, name, hours, whole[whole.size // 2]):
        notes.append(
            f"{label(data)}: monthly means by hour of day; '{name}' accumulates from 00 UTC, as in ERA5-Land, so its value after "
            "24 hours is the day's total"
        )
        return data.isel({hours.dim: np.flatnonzero(kept & (hours.hours == 24))}), 1.0, notes
    if hours.all_hours.size < 24:
        raise BadInput(
            where_of(data, name),
            expected="all 24 hours of day, as an accumulation needs them",
            found=f"monthly means of {hours.all_hours.size} hours ({_named(hours.all_hours)} UTC)",
            remedy="download the product 'monthly averaged reanalysis', or all 24 hours",
        )
    notes.append(
        f"{label(data)}: monthly means by hour of day; '{name}' is over each hour, and a day's is the sum of its 24 hours"
    )
    return data.isel({hours.dim: np.flatnonzero(kept)}), 24.0, notes


def _runs_from_midnight(data: xr.Dataset, name: str, hours: HoursOfDay, month: np.datetime64) -> bool:
    """Whether the mean over the cells grows through a day from next to nothing; hourly amounts go up and come down again."""
    if hours.all_hours[-1] < 24:
        return False
    steps = np.flatnonzero(hours.months == month)
    steps = steps[np.argsort(hours.hours[steps])]
    day = [float(field(data.isel({hours.dim: [step]}), name).mean().compute()) for step in steps]
    rising = np.array(day) * np.sign(day[-1])  # evaporation is negative
    return bool(np.diff(rising).min() >= -_FALL * rising[-1] and rising[0] < _BEGINNING * rising[-1])


def _check_even(data: xr.Dataset, name: str, hours: HoursOfDay) -> None:
    found = hours.all_hours
    gaps = np.diff(np.r_[found, found[0] + 24])
    if np.unique(gaps).size > 1:
        raise BadInput(
            where_of(data, name),
            expected="all 24 hours of day, or some evenly spread over it",
            found=f"monthly means of {found.size} hours ({_named(found)} UTC)",
            remedy="download the product 'monthly averaged reanalysis', or all 24 hours",
        )


def _left_out(data: xr.Dataset, hours: HoursOfDay, whole: np.ndarray) -> list[str]:
    months = np.unique(hours.months)
    part = np.setdiff1d(months, whole)
    if not part.size:
        return []
    counts = [f"{str(month)[:7]} with {int(np.sum(hours.months == month))}" for month in part[:3]]
    return [
        f"{label(data)}: {part.size} of {months.size} months lack some of the {hours.all_hours.size} hours of day and are left "
        f"out ({', '.join(counts)}{' …' if part.size > 3 else ''})"
    ]


def _named(hours: np.ndarray) -> str:
    return ", ".join(f"{hour % 24:02d}" for hour in hours)
