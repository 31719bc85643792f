"""Fields compared with wells: which wells count, over which months, and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gwkeras.analysis.wells import bootstrap
from gwkeras.analysis.wells.bootstrap import Interval
from gwkeras.analysis.wells.dropped import Dropped, counted, dropped
from gwkeras.analysis.wells.fields_at_wells import FieldAtWells
from gwkeras.analysis.wells.quality import checked
from gwkeras.analysis.wells.reading.table import Wells
from gwkeras.analysis.wells.scores import WellScores, scores
from gwkeras.analysis.wells.settings import WellsConfig
from gwkeras.analysis.wells.within_cell import Pairs, pairs
from gwkeras.core.errors import BadInput

NO_DATA = "no data"


@dataclass(frozen=True)
class JudgedField:
    """One field at the wells that count.

    Args:
        name: of the field.
        series: (wells, months) mm, NaN where the well or any field has none.
        scores: against the wells.
        gain: (wells,) in correlation over the product; NaN for the product itself.
        correlation: median over wells.
        median_gain: over wells.
        improved: share of wells whose correlation is higher than the product's.
        pairs: of wells within product cells.
        within_cell: median correlation of differences within product cells.
    """

    name: str
    series: np.ndarray
    scores: WellScores
    gain: np.ndarray
    correlation: Interval
    median_gain: Interval
    improved: Interval
    pairs: Pairs
    within_cell: Interval


@dataclass(frozen=True)
class Judged:
    """What wells say of fields.

    Args:
        wells: those that count, with their months.
        fields: the product first.
        edge_km: (wells,) distance from the product's edge.
        cell: (wells,) number of the product's cell.
        dropped: the other wells, with reasons.
        notes: what a reader should know.
    """

    wells: Wells
    fields: tuple[JudgedField, ...]
    edge_km: np.ndarray
    cell: np.ndarray
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]


def judged(
    wells: Wells, fields: Sequence[FieldAtWells], edge_km: np.ndarray, left_out: Sequence[Dropped], config: WellsConfig
) -> Judged:
    """Scores of every field, on the same months for all.

    Args:
        wells: on the product's grid.
        fields: the product first, at these wells.
        edge_km: (wells,) distance from the product's edge.
        left_out: wells that have been left out before.
        config: limits, baseline, step and bootstrap.
    Raises: BadInput: where no well is left, or none shares a month with the fields.
    """
    everything, notes = list(left_out), list(wells.notes)
    kept = np.ones(len(wells.names), bool)
    for field in fields:
        absent = kept & ~np.isfinite(field.values).any(axis=1)
        everything += dropped(wells, absent, f"{NO_DATA} of {field.name} in its cell")
        kept &= ~absent
    wells, fields, edge_km = wells.of(kept), [field.of(kept) for field in fields], edge_km[kept]
    months, level, series = _in_common(wells, fields, config)
    found = checked(level, months, config.quality)
    if found.spikes:
        notes.append(f"{found.spikes} outlying readings are left out.")
    for reason in dict.fromkeys(found.reason[found.reason != ""]):
        everything += dropped(wells, found.reason == reason, str(reason), list(found.detail))
    good = found.reason == ""
    if not good.any():
        said = ", ".join(f"{reason}: {number}" for reason, number in counted(everything).items())
        raise BadInput(
            config.table or "wells",
            expected=f"a well with {config.quality.least_months} {config.step}s in common with the fields",
            found=f"none ({said})",
            remedy="check months and columns, or lower quality.least_months",
        )
    wells, level, series = wells.of(good), found.level[good], series[:, good]
    series = np.where(np.isfinite(level), series, np.nan)
    base, base_notes = _base(level, months, config)
    notes += base_notes
    if not np.isfinite(wells.specific_yield).any():
        notes.append("No specific yield is given, so slope, bias, RMSE and NSE are unknown; correlations do not need it.")
    cell = fields[0].cell[good]
    every = [scores(level, of_field, wells.specific_yield, base) for of_field in series]
    shown = []
    for field, of_field, own in zip(fields, series, every, strict=True):
        gain = own.correlation - every[0].correlation if own is not every[0] else np.full(cell.size, np.nan)
        shown.append(_judge(field.name, of_field, own, gain, level, (cell, field.cell[good]), config))
    wells = replace(wells, months=months, level=level)
    return Judged(wells, tuple(shown), edge_km[good], cell, tuple(everything), tuple(notes))


def _judge(
    name: str,
    series: np.ndarray,
    own: WellScores,
    gain: np.ndarray,
    level: np.ndarray,
    cells: tuple[np.ndarray, np.ndarray],
    config: WellsConfig,
) -> JudgedField:
    median = partial(bootstrap.median_of, draws=config.draws, interval=config.interval, seed=config.seed)
    coarse, fine = cells
    within = pairs(level, series, coarse, fine, config.quality.least_months)
    return JudgedField(
        name,
        series,
        own,
        gain,
        median(own.correlation, coarse),
        median(gain, coarse),
        bootstrap.share_above_zero(gain, coarse, draws=config.draws, interval=config.interval, seed=config.seed),
        within,
        median(within.correlation, within.coarse),
    )


def _in_common(wells: Wells, fields: Sequence[FieldAtWells], config: WellsConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months that the wells and the product share, levels, and (fields, wells, months), NaN where any of them is unknown."""
    if config.step == "quarter":
        level, months = _quarters(wells.level, wells.months)
        known = [_quarters(field.values, field.months) for field in fields]
        fields = [FieldAtWells(f.name, m, v, f.cell, f.step) for f, (v, m) in zip(fields, known, strict=True)]
    else:
        level, months = wells.level, wells.months
    shared = np.isin(months, fields[0].months)
    if not shared.any():
        raise BadInput(
            config.table or "wells",
            expected=f"months of {fields[0].name}, {fields[0].months[0]} to {fields[0].months[-1]}",
            found=f"{months[0]} to {months[-1]}",
            remedy="give records of the same years",
        )
    months, level = months[shared], level[:, shared]
    series = np.stack([field.at(months) for field in fields])
    known = np.isfinite(level) & np.isfinite(series).all(axis=0)
    return months, np.where(known, level, np.nan), np.where(known, series, np.nan)


def _quarters(values: np.ndarray, months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of calendar quarters, each by its first month."""
    first = (months.astype(int) // 3 * 3).astype("datetime64[M]")
    quarters, place = np.unique(first, return_inverse=True)
    known = np.isfinite(values)
    total, number = np.zeros((2, quarters.size, len(values)))
    np.add.at(total, place, np.where(known, values, 0.0).T)
    np.add.at(number, place, known.T)
    means = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return means.T, quarters


def _base(level: np.ndarray, months: np.ndarray, config: WellsConfig) -> tuple[np.ndarray | None, list[str]]:
    if config.baseline is None:
        return None, []
    first, _, last = config.baseline.partition(":")
    within = (months >= np.datetime64(first, "M")) & (months <= np.datetime64(last or first, "M"))
    base = np.isfinite(level) & within
    least = max(config.quality.least_months // 4, 1)
    few = base.sum(axis=1) < least
    base[few] = False
    note = f"{int(few.sum())} wells have fewer than {least} {config.step}s of the baseline {config.baseline}: no bias, RMSE, NSE."
    return base, [note] if few.any() else []
