"""Trends of a gridded record: every cell, the region's mean, hotspots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr
from scipy.stats import false_discovery_control

from gwkeras.analysis.trend.hotspots import Hotspot, fast_rate, hotspots
from gwkeras.analysis.trend.season import without_season
from gwkeras.analysis.trend.theil_sen import FEWEST, Correction, SenTrend, sen_trend
from gwkeras.core.errors import BadInput
from gwkeras.core.months import month_number
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.writing.cf_file import CONVENTIONS

MONTHS_A_YEAR = 12.0


@dataclass(frozen=True)
class TrendOptions:
    """How trends are found.

    Args:
        confidence: of intervals; 1 − confidence is the level of tests.
        correction: of tests and intervals for autocorrelation.
        season: whether the mean annual cycle is taken out first.
        least_share: of the record's months that a cell has to have.
        hotspot_rate: mm a year; None: the rate that the fastest `hotspot_share` of significant land exceeds.
        hotspot_share: of the land with a significant trend.
    """

    confidence: float = 0.95
    correction: Correction = "hamed-rao"
    season: bool = True
    least_share: float = 0.8
    hotspot_rate: float | None = None
    hotspot_share: float = 0.25


@dataclass(frozen=True)
class RecordTrend:
    """What was found.

    Args:
        data: maps and the region's mean, by CF.
        hotspots: greatest first.
        notes: what a reader should know.
    """

    data: xr.Dataset
    hotspots: tuple[Hotspot, ...]
    notes: tuple[str, ...]


def record_trend(
    field: xr.DataArray,
    options: TrendOptions = TrendOptions(),
    *,
    attributes: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RecordTrend:
    """Trends of a record.

    Args:
        field: canonical, (time, lat, lon) mm.
        options: how.
        attributes: of the dataset.
        progress: called with the number of cells done and in all.
    Raises: BadInput: where the record has fewer than ten months.
    """
    grid = grid_of(field)
    months = month_number(field["time"].values)
    if months.size < FEWEST:
        raise BadInput(
            str(field.attrs.get("source", "record")),
            expected=f"at least {FEWEST} months",
            found=str(months.size),
            remedy="give a longer record",
        )
    values = field.values.reshape(months.size, -1)  # as wide as it is kept: a globe's is half a gigabyte in float64
    number = np.isfinite(values).sum(axis=0)
    enough = number >= max(options.least_share * months.size, FEWEST)
    notes = []
    short = int(((number > 0) & ~enough).sum())
    if short:
        notes.append(f"{short} cells have fewer than {100 * options.least_share:g} % of the record's months and get no trend.")
    land = np.flatnonzero(enough)
    if not land.size:
        raise BadInput("record", expected="a cell with data", found="none", remedy="check file and region")
    series = values[:, land]
    if options.season:
        series = without_season(series, months)
        notes.append("The mean annual cycle is removed before slopes and tests.")
    # Of many lags some differ from 0 by chance: a correction that narrows intervals would find trends in white noise.
    trend_of = partial(sen_trend, confidence=options.confidence, correction=options.correction, least_inflation=1.0)
    found = trend_of(series, months, progress=progress)
    area = grid.area.ravel()[land]
    mean = _mean_series(series, area)
    whole = trend_of(mean[:, None], months)
    gaps = int(months[-1] - months[0] + 1 - months.size)
    if gaps:
        notes.append(f"{gaps} months of the span are missing; none is filled.")
    data = _dataset(found, whole, mean, land, field, options, dict(attributes or {}))
    slope, significant = data["trend"].values, data["significant"].values == 1
    weights = np.where(np.isfinite(slope), grid.area, 0.0)
    rate = options.hotspot_rate or fast_rate(slope, significant, weights, options.hotspot_share)
    spots, numbers = hotspots(slope, significant, grid, weights, rate)
    data["hotspot"] = (("lat", "lon"), numbers, {"long_name": "number of the hotspot, 0 for none", "units": "1"})
    if np.isfinite(rate):
        data["hotspot"].attrs["comment"] = f"connected cells with a significant trend of at least {rate:.3g} mm a year"
    data.attrs["notes"] = "\n".join(notes)
    return RecordTrend(data, spots, tuple(notes))


def _mean_series(series: np.ndarray, area: np.ndarray) -> np.ndarray:
    """(months,) means by area over the cells that are known in every month; over all known ones where there are none."""
    always = np.isfinite(series).all(axis=0)
    if always.any():
        return series[:, always] @ area[always] / area[always].sum()
    known = np.isfinite(series)
    return np.where(known, series, 0.0) @ area / (known @ area)


def _dataset(
    found: SenTrend,
    whole: SenTrend,
    mean: np.ndarray,
    land: np.ndarray,
    field: xr.DataArray,
    options: TrendOptions,
    attributes: dict[str, str],
) -> xr.Dataset:
    level = 1.0 - options.confidence
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": "Trends of storage", **attributes})
    for axis, name, unit in (("lat", "latitude", "degrees_north"), ("lon", "longitude", "degrees_east")):
        data[axis] = (axis, field[axis].values, {"standard_name": name, "units": unit})
    adjusted = np.full(found.p_value.shape, np.nan)
    told = np.isfinite(found.p_value)
    adjusted[told] = false_discovery_control(found.p_value[told], method="bh")
    percent = f"{100 * options.confidence:g} %"
    table = (
        ("trend", found.slope * MONTHS_A_YEAR, "mm year-1", "Theil-Sen slope"),
        ("trend_lower", found.lower * MONTHS_A_YEAR, "mm year-1", f"lower bound of its {percent} interval"),
        ("trend_upper", found.upper * MONTHS_A_YEAR, "mm year-1", f"upper bound of its {percent} interval"),
        ("tau", found.tau, "1", "Kendall's tau"),
        ("p_value", found.p_value, "1", "two-sided p-value of the Mann-Kendall test"),
        ("p_value_field", adjusted, "1", "p-value adjusted for the number of cells (Benjamini-Hochberg)"),
        ("significant", np.where(told, adjusted <= level, np.nan), "1", f"1 where p_value_field is at most {level:.2g}"),
        ("variance_inflation", found.inflation, "1", "of the test's variance, by autocorrelation"),
    )
    for name, values, unit, meaning in table:
        full = np.full(field.sizes["lat"] * field.sizes["lon"], np.nan)
        full[land] = values
        data[name] = (("lat", "lon"), full.reshape(field.shape[1:]), {"long_name": meaning, "units": unit})
    data["time"] = ("time", field["time"].values, {"standard_name": "time", "long_name": "first day of the month"})
    data["mean"] = ("time", mean, {"long_name": "mean over the region, by area", "units": "mm"})
    for name, values, unit in (
        ("mean_trend", whole.slope * MONTHS_A_YEAR, "mm year-1"),
        ("mean_trend_lower", whole.lower * MONTHS_A_YEAR, "mm year-1"),
        ("mean_trend_upper", whole.upper * MONTHS_A_YEAR, "mm year-1"),
        ("mean_p_value", whole.p_value, "1"),
    ):
        data[name] = ((), float(values[0]), {"long_name": f"{name.replace('_', ' ')} over the region", "units": unit})
    return data
