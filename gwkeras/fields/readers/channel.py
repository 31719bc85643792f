"""A climate channel in its canonical unit: depths, masses and rates become monthly totals."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.core.months import days_in_month
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.core.units import MONTHLY_TOTAL, conversion, is_rate

NEVER_NEGATIVE = ("precipitation", "snow_water_equivalent", "runoff", "snowmelt")


def in_canonical_unit(value: xr.DataArray, unit: str | None, channel: str, where: str) -> xr.DataArray:
    """The field in `CLIMATE_UNITS[channel]`; rates become totals by each month's length.

    Raises: UnknownUnits: no unit, or one of another dimension.
    """
    scale, offset = conversion(unit, CLIMATE_UNITS[channel], where, channel)
    if CLIMATE_UNITS[channel] == MONTHLY_TOTAL and unit is not None and is_rate(unit):
        return of_days(value, scale)
    return linear(value, scale, offset)


def linear(value: xr.DataArray, scale: float, offset: float) -> xr.DataArray:
    """scale × value + offset, in float32."""
    if scale != 1.0:
        value = value * np.float32(scale)
    return value + np.float32(offset) if offset else value


def of_days(value: xr.DataArray, mm_a_day: float) -> xr.DataArray:
    """Monthly totals, mm, of a field whose unit is `mm_a_day` mm a day."""
    days = xr.DataArray(
        (mm_a_day * days_in_month(value["time"].values)).astype(np.float32), dims="time", coords={"time": value["time"]}
    )
    return value * days


def without_negatives(value: xr.DataArray, channel: str) -> xr.DataArray:
    """Zero in place of the negative amounts that packing and interpolation leave; NaN stays NaN."""
    return value.clip(min=np.float32(0.0)) if channel in NEVER_NEGATIVE else value
