"""Time coordinates as files spell them, to calendar months."""

from __future__ import annotations

import re
import warnings

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.core.months import month_start

_BOUNDS = ("time_bounds", "time_bnds", "bounds_time", "valid_time_bnds")


def months_of(data: xr.Dataset, time: str) -> np.ndarray:
    """First day (datetime64[ns]) of the month to which each step of the coordinate `time` belongs.

    The middle of the time bounds decides where the file has them: GRACE solutions are stamped irregularly.

    Raises: BadInput: a time coordinate that cannot be understood.
    """
    stamps = stamps_of(data, time)
    middles = _middles(data, time, stamps, _where(data, time))
    return month_start(stamps if middles is None else middles)


def stamps_of(data: xr.Dataset, time: str) -> np.ndarray:
    """The steps of the coordinate `time` as they are stamped, datetime64[ns].

    Raises: BadInput: a time coordinate that cannot be understood.
    """
    coordinate = data[time]
    return _decode(np.atleast_1d(coordinate.values), coordinate.attrs, _where(data, time))


def _where(data: xr.Dataset, time: str) -> str:
    return f"{data.encoding.get('source', 'file')}, {time}"


def _middles(data: xr.Dataset, time: str, stamps: np.ndarray, where: str) -> np.ndarray | None:
    name = next((n for n in (data[time].attrs.get("bounds"), *_BOUNDS) if n in data.variables), None)
    if name is None or data[name].ndim != 2 or data[name].shape != (stamps.size, 2):
        return None
    attributes = {**data[time].attrs, **{k: v for k, v in data[name].attrs.items() if k in ("units", "calendar")}}
    values = np.asarray(data[name].values)
    if values.dtype.kind not in "iuf" or not np.all(np.isfinite(values)) or np.any(values[:, 1] < values[:, 0]):
        return None
    edges = _decode(values.ravel(), attributes, where).reshape(-1, 2)
    middles = edges[:, 0] + (edges[:, 1] - edges[:, 0]) / 2
    near = np.abs((middles - stamps) / np.timedelta64(1, "D")) < 45
    return middles if np.all(near) else None  # bounds far from the stamps are left over from something else


def _decode(values: np.ndarray, attributes: dict, where: str) -> np.ndarray:
    unit = str(attributes.get("units", ""))
    try:
        if values.dtype.kind == "M":
            return values.astype("datetime64[ns]")
        if values.dtype.kind in "OUS":
            return np.array([str(v.decode() if isinstance(v, bytes) else v).strip() for v in values], dtype="datetime64[ns]")
        months = re.match(r"months?\s+since\s+(\d+)-(\d+)", unit, re.IGNORECASE)
        if months:  # no length in seconds: CF advises against it and files have it
            origin = np.datetime64(f"{int(months[1]):04d}-{int(months[2]):02d}", "M")
            return (origin + np.floor(values).astype(int)).astype("datetime64[ns]")
        if " since " in unit.lower():
            return _decode_cf(values, unit, str(attributes.get("calendar", "standard")))
        return _decode_bare(values)
    except (ValueError, OverflowError, TypeError) as error:
        raise BadInput(
            where,
            expected="times such as 'days since 2002-01-01'",
            found=f"{values.ravel()[:1]} in '{unit}'" if unit else f"{values.ravel()[:1]} without units",
            remedy="give the coordinate CF units",
        ) from error


def _decode_cf(values: np.ndarray, unit: str, calendar: str) -> np.ndarray:
    coordinate = xr.Dataset({"t": ("t", values, {"units": unit, "calendar": calendar})})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=xr.SerializationWarning)  # dates outside the ns range come as objects
        decoded = xr.decode_cf(coordinate)["t"].values
    if decoded.dtype.kind == "O":  # 360-day and no-leap calendars: only year and month matter here
        decoded = np.array([f"{d.year:04d}-{d.month:02d}-{min(d.day, 28):02d}" for d in decoded], dtype="datetime64[D]")
    return decoded.astype("datetime64[ns]")


def _decode_bare(values: np.ndarray) -> np.ndarray:
    """Numbers without units that can only be one thing: 200204, 20020416, 2002.29, or nothing we know."""
    numbers = values.astype(float)
    low, high = np.min(numbers), np.max(numbers)
    if 19000101 <= low and high <= 21001231:
        return np.array([f"{int(v) // 10000:04d}-{int(v) // 100 % 100:02d}" for v in numbers], dtype="datetime64[M]").astype(
            "datetime64[ns]"
        )
    if 190001 <= low and high <= 210012:
        return np.array([f"{int(v) // 100:04d}-{int(v) % 100:02d}" for v in numbers], dtype="datetime64[M]").astype(
            "datetime64[ns]"
        )
    if 1900 <= low and high < 2101 and np.any(numbers % 1):
        number = np.floor((numbers - 1970) * 12 + 1e-6).astype(int)
        return (np.datetime64("1970-01", "M") + number).astype("datetime64[ns]")
    raise ValueError("not a time")
