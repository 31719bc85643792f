"""One look through a record for what its reader should be told: negative amounts, values beyond belief, no data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.core.box import describe_place
from gwkeras.core.errors import BadInput
from gwkeras.core.units import unit_key
from gwkeras.fields.readers.in_memory import reading

# Beyond what a cell of a few kilometres has shown; values outside are reported and kept.
PLAUSIBLE = {
    "gwsa": (-5000.0, 5000.0),
    "precipitation": (0.0, 3000.0),
    "evapotranspiration": (-50.0, 500.0),
    "soil_moisture": (0.0, 1.0),
    "temperature": (180.0, 335.0),
    "surface_pressure": (40_000.0, 110_000.0),
    "snow_water_equivalent": (0.0, 20_000.0),
    "runoff": (0.0, 3000.0),
    "snowmelt": (0.0, 3000.0),
}
_MOST_BYTES = 4 * 2**30  # of a record looked through; of a longer one, evenly spaced months
_MOST = 0.5  # share of the values; where more of them are beyond belief, the unit is wrong
_TINY = 1e-4  # share of the plausible maximum: what packing leaves below zero
_STATISTICS = 6  # finite, smallest, largest, below zero, below the plausible, above it


@dataclass(frozen=True)
class Survey:
    """What `survey` saw: number of values that are there, and sentences on the odd ones."""

    finite: int
    notes: tuple[str, ...]


def survey(data: xr.DataArray, channel: str, where: str, clipped: bool = False) -> Survey:
    """Looks once through a canonical field (time, lat, lon) in canonical units.

    Args:
        clipped: whether negative values are going to be set to zero; the note then says so.
    Raises: BadInput: a file that cannot be read to its end, or whose values are mostly beyond belief.
    """
    looked = data.isel(time=slice(None, None, _stride(data)))
    low, high = PLAUSIBLE.get(channel, (-np.inf, np.inf))
    months = _statistics(looked, low, high, where)
    finite, negative, below, above = (int(months[:, k].sum()) for k in (0, 3, 4, 5))
    smallest = float(months[:, 1].min())
    outside = above if clipped else below + above  # packing leaves many amounts a little below zero
    if outside > _MOST * finite:
        raise BadInput(
            f"{where}, {channel}",
            expected=f"values within {low:g} … {high:g} {data.attrs.get('units', '')}",
            found=f"{smallest:.4g} … {float(months[:, 2].max()):.4g}, {100 * outside / finite:.0f} % of them outside",
            remedy=f"state the unit that the values have ({unit_key(channel, data.attrs.get('units', ''))})",
        )
    notes = []
    unit = data.attrs.get("units", "")
    of_all = f"of {finite} values" + (f" in every {_stride(data)}th month" if _stride(data) > 1 else "")
    if clipped and negative:
        tiny = "" if smallest < -_TINY * high else " (rounding of the packed file)"
        notes.append(f"{where}: {channel} is negative in {negative} {of_all}, down to {smallest:.4g} {unit}; set to zero{tiny}")
    if below and not clipped:
        lowest = _describe(looked.isel(time=int(np.argmin(months[:, 1]))), np.nanargmin)
        notes.append(f"{where}: {channel} is below {low:g} {unit} in {below} {of_all}, lowest {lowest}; kept, check it")
    if above:
        highest = _describe(looked.isel(time=int(np.argmax(months[:, 2]))), np.nanargmax)
        notes.append(f"{where}: {channel} is above {high:g} {unit} in {above} {of_all}, highest {highest}; kept, check it")
    return Survey(finite, tuple(notes))


def _stride(data: xr.DataArray) -> int:
    return max(1, -(-data.nbytes // _MOST_BYTES))


def _statistics(data: xr.DataArray, low: float, high: float, where: str) -> np.ndarray:
    """(time, 6) in one pass."""
    result = xr.apply_ufunc(
        _of_maps,
        data,
        kwargs={"low": low, "high": high},
        input_core_dims=[["lat", "lon"]],
        output_core_dims=[["statistic"]],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={"output_sizes": {"statistic": _STATISTICS}},
    )
    with reading(where):
        return np.asarray(result.values)


def _of_maps(maps: np.ndarray, low: float, high: float) -> np.ndarray:
    flat = maps.reshape(*maps.shape[:-2], -1)
    smallest, largest = np.fmin.reduce(flat, axis=-1), np.fmax.reduce(flat, axis=-1)  # of what is not NaN
    if (smallest >= max(low, 0.0)).all() and (largest <= high).all() and np.isfinite(largest).all():  # nothing odd
        none = np.zeros(smallest.shape)
        finite = flat.shape[-1] - np.isnan(flat).sum(axis=-1)
        return np.stack([finite, smallest, largest, none, none, none], axis=-1).astype(np.float64)
    finite = np.isfinite(maps)
    axes = (-2, -1)
    return np.stack(
        [
            finite.sum(axes),
            np.where(finite, maps, np.inf).min(axes),
            np.where(finite, maps, -np.inf).max(axes),
            (finite & (maps < 0)).sum(axes),
            (finite & (maps < low)).sum(axes),
            (finite & (maps > high)).sum(axes),
        ],
        axis=-1,
    ).astype(np.float64)


def _describe(month: xr.DataArray, extreme: Callable[[np.ndarray], np.intp]) -> str:
    """'4089 mm month-1 in 2004-07 at 25.1°N 91.9°E' for the extreme value of one map."""
    values = month.values
    row, column = np.unravel_index(extreme(values), values.shape)
    place = describe_place(float(month["lat"][row]), float(month["lon"][column]))
    return f"{float(values[row, column]):.4g} {month.attrs.get('units', '')} in {str(month['time'].values)[:7]} at {place}"
