"""A gridded record decomposed: its mean over the region, over zones, or every cell; and its drivers, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.analysis.decomposition.drivers import correlation
from gwkeras.analysis.decomposition.gaps import on_every_month
from gwkeras.analysis.decomposition.stl import Parts, StlOptions, taken_apart
from gwkeras.analysis.zones import Zones
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number, month_number
from gwkeras.fields.writing.cf_file import CONVENTIONS

PARTS = ("trend", "season", "remainder")
_LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class Series:
    """Monthly series by name.

    Args:
        names: of the series.
        months: (span,) numbers of consecutive months.
        values: (span, n); NaN where missing.
        cells: (n,) number of the grid's cell that each is the series of; None: they have names.
    """

    names: tuple[str, ...]
    months: np.ndarray
    values: np.ndarray
    cells: np.ndarray | None = None


def zone_series(field: xr.DataArray, zones: Zones, grid: Grid) -> Series:
    """Means over zones, by area; missing in months in which less than half of a zone is known.

    Only cells that are known in most months count, so that the mean does not change with what is known.

    Args:
        field: canonical, (time, lat, lon).
        zones: on its grid.
        grid: of the field.
    """
    months = month_number(field["time"].values)
    values = field.values.reshape(months.size, -1).astype(float)
    known = np.isfinite(values)
    weights = (zones.shares * grid.area).reshape(len(zones.names), -1) * (known.mean(axis=0) > _LEAST_KNOWN)
    total = known @ weights.T
    mean = np.divide(np.where(known, values, 0.0) @ weights.T, total, out=np.full(total.shape, np.nan), where=total > 0)
    mean[total < _LEAST_KNOWN * weights.sum(axis=1)] = np.nan
    full, every = on_every_month(mean, months)
    return Series(zones.names, every, full)


def whole_region(grid: Grid) -> Zones:
    """The region as one zone."""
    return Zones(("region",), np.ones((1, *grid.shape)))


def cell_series(field: xr.DataArray) -> Series:
    """Every cell that has data as a series of its own, as wide as the field keeps it."""
    months = month_number(field["time"].values)
    values = field.values.reshape(months.size, -1)
    cells = np.flatnonzero(np.isfinite(values).any(axis=0))
    full, every = on_every_month(values[:, cells], months)
    return Series((), every, full, cells)


@dataclass(frozen=True)
class Decomposition:
    """What was found.

    Args:
        data: parts of each series, and correlations with drivers.
        notes: what a reader should know.
    """

    data: xr.Dataset
    notes: tuple[str, ...]


def decomposition(
    series: Series,
    drivers: Mapping[str, Series] | None = None,
    options: StlOptions = StlOptions(),
    *,
    cells: xr.DataArray | None = None,
    attributes: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Decomposition:
    """Parts of each series, and how they go with the parts of drivers.

    Args:
        series: of storage.
        drivers: name -> series of the same places.
        options: of STL.
        cells: the field that the series are the cells of; None: they are named.
        attributes: of the dataset.
        progress: called with the number of series done and in all.
    Raises: BadInput: where no series can be decomposed.
    """
    parts = taken_apart(series.values, series.months, options, progress)
    told = parts.gaps >= 0
    some = np.isfinite(series.values).any(axis=0)
    if not told.any():
        raise BadInput(
            "record",
            expected=f"two years of data, gaps of at most {options.longest_gap} months, {100 * options.most_missing:g} % missing",
            found="no series that has them",
            remedy="give a longer or fuller record",
        )
    notes = []
    if (some & ~told).any():
        notes.append(
            f"{int((some & ~told).sum())} of {int(some.sum())} series are too short or have too many gaps and are not decomposed."
        )
    if parts.gaps.max() > 0:
        notes.append(
            f"Up to {int(parts.gaps.max())} missing months of a series were filled for the fit alone (mean annual cycle "
            "added to a line across the gap); they are missing in the output."
        )
    data = _dataset(series, parts, cells, dict(attributes or {}))
    if drivers:
        notes += _put_drivers(data, series, parts, drivers, options)
    data.attrs["notes"] = "\n".join(notes)
    return Decomposition(data, tuple(notes))


def _dataset(series: Series, parts: Parts, cells: xr.DataArray | None, attributes: dict[str, str]) -> xr.Dataset:
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": "Storage decomposed by STL", **attributes})
    data["time"] = ("time", from_month_number(series.months), {"standard_name": "time", "long_name": "first day of the month"})
    places: tuple[str, ...]
    shape: tuple[int, ...]
    if cells is None:
        data["series"] = ("series", np.array(series.names, dtype=object), {"long_name": "zone"})
        places, shape = ("series",), (len(series.names),)
    else:
        for axis, name, unit in (("lat", "latitude", "degrees_north"), ("lon", "longitude", "degrees_east")):
            data[axis] = (axis, cells[axis].values, {"standard_name": name, "units": unit})
        places, shape = ("lat", "lon"), cells.shape[1:]
    span = series.months.size
    for name, values, meaning in (
        ("gwsa", series.values, "storage anomaly"),
        ("trend", parts.trend, "trend by STL"),
        ("season", parts.season, "season by STL"),
        ("remainder", parts.remainder, "remainder by STL"),
    ):
        data[name] = (("time", *places), _placed(values, series.cells, (span, *shape)), {"long_name": meaning, "units": "mm"})
    for name, values, meaning in (
        ("trend_strength", parts.trend_strength, "1 - Var(remainder) / Var(trend + remainder)"),
        ("season_strength", parts.season_strength, "1 - Var(remainder) / Var(season + remainder)"),
        ("gaps", np.where(parts.gaps >= 0, parts.gaps, np.nan), "months filled for the fit alone"),
    ):
        data[name] = (places, _placed(values, series.cells, shape), {"long_name": meaning, "units": "1"})
    return data


def _placed(values: np.ndarray, cells: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """Series in the places of their cells, NaN in the others."""
    if cells is None:
        return values.reshape(shape)
    full = np.full((*values.shape[:-1], np.prod(shape[values.ndim - 1 :], dtype=int)), np.nan, dtype=np.float32)
    full[..., cells] = values
    return full.reshape(shape)


def _put_drivers(
    data: xr.Dataset, series: Series, parts: Parts, drivers: Mapping[str, Series], options: StlOptions
) -> Sequence[str]:
    names = list(drivers)
    found = np.full((4, len(names), len(PARTS), len(series.names)), np.nan)
    notes = []
    for d, name in enumerate(names):
        own = taken_apart(drivers[name].values, drivers[name].months, options)
        if (own.gaps < 0).any():
            notes.append(f"{name}: {int((own.gaps < 0).sum())} series are too short or have too many gaps for a correlation.")
        for p, part in enumerate(PARTS):
            there = _at(getattr(own, part), drivers[name].months, series.months)
            for k in range(len(series.names)):
                c = correlation(getattr(parts, part)[:, k], there[:, k])
                found[:, d, p, k] = c.now, c.p_now, c.best, c.lag
    data["driver"] = ("driver", np.array(names, dtype=object), {"long_name": "driver"})
    data["part"] = ("part", np.array(PARTS, dtype=object), {"long_name": "part of the series"})
    for values, name, meaning, unit in zip(
        found,
        ("driver_correlation", "driver_p_value", "driver_correlation_best", "driver_lag"),
        (
            "correlation of a component of storage with the same component of the driver, in the same month",
            "its two-sided p-value, with the effective number of independent values",
            "largest correlation with the driver leading by up to twelve months",
            "months by which the driver leads there",
        ),
        ("1", "1", "1", "month"),
        strict=True,
    ):
        data[name] = (("driver", "part", "series"), values, {"long_name": meaning, "units": unit})
    return notes


def _at(values: np.ndarray, own: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Series of consecutive months at other consecutive months."""
    found = np.full((wanted.size, values.shape[1]), np.nan)
    _, there, here = np.intersect1d(wanted, own, assume_unique=True, return_indices=True)
    found[there] = values[here]
    return found
