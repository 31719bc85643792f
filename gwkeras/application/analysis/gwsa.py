"""Groundwater storage from files of total storage and of the compartments that are taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.analysis.storage_balance.balance import Balance, Component, balance
from gwkeras.analysis.storage_balance.gap_filling import METHOD, fill_months
from gwkeras.application.record_of_files import Asked, month_by_month
from gwkeras.core.config.tree import PointSpreadConfig, SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number, month_number
from gwkeras.core.progress import Progress, silent
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.regrid import Regridder
from gwkeras.fields.readers.compartments import read_compartment
from gwkeras.fields.readers.storage import read_storage
from gwkeras.fields.region import cut_to
from gwkeras.fields.writing.cf_file import CONVENTIONS


@dataclass(frozen=True)
class BalanceWanted:
    """What is to be taken from what.

    Args:
        total: total storage.
        parts: compartment -> its files.
        baseline: first and last month, such as ("2004-01", "2009-12").
        sigmas: compartment, or "total" -> standard error of all its cells, mm, where files state none.
        fill: whether absent months are filled.
    """

    total: Asked
    parts: Mapping[str, SourceConfig]
    baseline: tuple[str, str]
    sigmas: Mapping[str, float]
    fill: bool = False


@dataclass(frozen=True)
class BalanceResult:
    """The record, and what a reader should know."""

    data: xr.Dataset
    notes: tuple[str, ...]


def storage_balance(
    wanted: BalanceWanted, *, attributes: Mapping[str, str] | None = None, progress: Progress = silent
) -> BalanceResult:
    """Groundwater storage anomalies on the grid of total storage.

    Args:
        wanted: records, baseline, errors.
        attributes: of the dataset.
        progress: called with a label, the number of months done and in all.
    Raises: BadInput: where files cannot be read, or nothing is taken from total storage. MissingMonths: as `balance`.
    """
    if not wanted.parts:
        raise BadInput(
            "gwsa",
            expected="something to take from total storage",
            found="nothing",
            remedy="give --land-model FILES, or one of --soil, --snow, --canopy, --surface, --glacier",
        )
    storage = read_storage(wanted.total.source, PointSpreadConfig(kind="none"))
    field, notes = cut_to(storage.gwsa, wanted.total.edges)
    grid = grid_of(field)
    values = field.values.reshape(field.sizes["time"], -1).astype(float)
    own = None if storage.uncertainty is None else cut_to(storage.uncertainty, wanted.total.edges)[0]
    sigma = wanted.sigmas.get("total") if own is None else own.values.reshape(values.shape).astype(float)
    total = Component(month_number(field["time"].values), values, sigma)
    parts, said = {}, []
    for name, source in wanted.parts.items():
        parts[name], more = _component(source, name, grid, wanted.sigmas.get(name), progress)
        notes += more
        said.append(name)
    first, last = (int(month_number(np.datetime64(text, "M"))) for text in wanted.baseline)
    found = balance(total, parts, (first, last), f"{wanted.baseline[0]} to {wanted.baseline[1]}")
    made = f"total storage less {', '.join(said)}"
    data, more = _dataset(found, field, wanted, made, dict(attributes or {}))
    every = (*storage.notes_on_values, *notes, f"GWSA is {made}.", *found.notes, *more)
    data.attrs["notes"] = "\n".join(every)
    return BalanceResult(data, every)


def _component(
    source: SourceConfig, name: str, grid: Grid, stated: float | None, progress: Progress
) -> tuple[Component, list[str]]:
    """A compartment on the grid of total storage, by shared area."""
    found = read_compartment(source, name)
    own = grid_of(found.values)
    months = month_number(found.values["time"].values)
    regrid = None if own.is_close(grid) else Regridder(own, grid)
    values = np.full((months.size, grid.n_lat * grid.n_lon), np.nan)
    sigma = None if found.sigma is None else values.copy()
    for target, record in ((sigma, found.sigma), (values, found.values)):
        if target is None or record is None:
            continue
        for number, month in enumerate(month_by_month(record, np.arange(months.size))):
            target[number] = (month if regrid is None else regrid(month.astype(float))).ravel()
            progress(name, number + 1, months.size)
    notes = [f"{name}: {note}" for note in found.notes]
    if len(found.made_of) > 1:
        notes.append(f"{name}: the sum of {', '.join(found.made_of)}.")
    return Component(months, values, stated if sigma is None else sigma), notes


def _dataset(
    found: Balance, field: xr.DataArray, wanted: BalanceWanted, made: str, attributes: dict[str, str]
) -> tuple[xr.Dataset, list[str]]:
    months, values, sigma = found.months, found.gwsa, found.sigma
    is_filled, notes = np.zeros(months.size, bool), []
    absent = int(months[-1] - months[0] + 1 - months.size)
    if wanted.fill and absent:
        whole = fill_months(values, sigma, months)
        months, values, sigma, is_filled = whole.months, whole.values, whole.sigma, whole.is_filled
        notes.append(f"{absent} missing months are filled: {METHOD}; the variable `filled` marks them.")
    elif absent:
        notes.append(f"{absent} months between the first and the last are missing and stay missing; --fill fills them.")
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": "Groundwater storage anomaly, what is left of total storage"})
    data.attrs |= attributes
    data["time"] = ("time", from_month_number(months), {"standard_name": "time", "long_name": "first day of the month"})
    for axis, name, unit in (("lat", "latitude", "degrees_north"), ("lon", "longitude", "degrees_east")):
        data[axis] = (axis, field[axis].values, {"standard_name": name, "units": unit})
    shape = (months.size, *field.shape[1:])
    base = " to ".join(wanted.baseline)
    for name, numbers, meaning in (
        ("gwsa", values, f"groundwater storage anomaly of the mean over {base}: {made}"),
        ("gwsa_sigma", sigma, "standard error of gwsa: errors of the records, added in quadrature"),
    ):
        attrs = {"long_name": meaning, "units": "mm", "cell_methods": "time: mean area: mean"}
        data[name] = (("time", "lat", "lon"), numbers.reshape(shape).astype(np.float32), attrs)
    data["gwsa"].attrs["ancillary_variables"] = "gwsa_sigma filled"
    data["filled"] = (
        "time",
        is_filled.astype(np.int8),
        {"long_name": "1 where the month was filled", "units": "1", "comment": METHOD},
    )
    return data, notes
