"""Wells compared with the product and the downscaled fields."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.report.cell_text import cell_text
from gwkeras.report.document import Block, Section, Table, listing, paragraph

_SAID = (
    "Medians over {wells} wells of the correlation with storage in the well's cell, on the same months for all fields; the gain "
    "over the product, and the share of wells that improve. Within cells: the correlation of the difference between two wells' "
    "standardised series with the difference of the field at these wells. A gain can come from a signal that a whole product "
    "cell shares; only the correlation within cells tests for real detail (0: none). In brackets: {percent} intervals from a "
    "bootstrap over product cells."
)


def wells(data: xr.Dataset) -> Section:
    """Tables by field, by class of wells and of what was left out, with notes.

    Args:
        data: as `gwkeras wells` writes it.
    """
    percent = f"{100 * float(data.attrs['interval']):g} %"
    blocks: list[Block] = [
        paragraph(_SAID.format(wells=data.sizes["well"], percent=percent)),
        wells_table(data).untitled,
        amplitude_table(data),
        class_table(data),
    ]
    if data.sizes["reason"]:
        blocks.append(left_out_table(data))
    notes = tuple(str(data.attrs["notes"]).splitlines())
    return Section("Wells", (*blocks, *((listing(notes),) if notes else ())))


def wells_table(data: xr.Dataset) -> Table:
    """Correlation, gain and within-cell differences, one row a field."""
    rows = []
    for k, name in enumerate(data["field"].values):
        pairs, cells = (int(data[f"within_cell_{each}"][k]) for each in ("pairs", "cells"))
        rows.append(
            (
                str(name),
                _with_interval(data, "median_correlation", k),
                _with_interval(data, "median_gain", k, "+.3f"),
                _with_interval(data, "share_improved", k, ".2f"),
                _with_interval(data, "within_cell_correlation", k),
                f"{pairs} / {cells}" if pairs else "–",
            )
        )
    headings = ("field", "correlation", "gain", "share improved", "within cells", "pairs / cells")
    return Table(f"{data.sizes['well']} wells, medians", headings, tuple(rows))


def amplitude_table(data: xr.Dataset) -> Table:
    """Medians of what depends on specific yield, one row a field."""
    names = ("slope", "bias", "rmse", "nse", "apparent_specific_yield")
    rows = tuple(
        (str(name), *(cell_text(_median(data[f"well_{score}"].values[k]), ".3f") for score in names))
        for k, name in enumerate(data["field"].values)
    )
    headings = ("field", "slope", "bias mm", "RMSE mm", "NSE", "specific yield for slope 1")
    return Table("Amplitude, medians over wells", headings, rows)


def class_table(data: xr.Dataset) -> Table:
    """Correlation of the product and gain of each field, one row a class of wells."""
    fields = list(map(str, data["field"].values))
    rows = tuple(
        (
            str(name),
            str(int(data["class_wells"][k])),
            cell_text(float(data["class_correlation"][0, k]), ".3f"),
            *(cell_text(float(data["class_gain"][f, k]), "+.3f") for f in range(1, len(fields))),
        )
        for k, name in enumerate(data["class"].values)
    )
    return Table(
        "By class of wells, medians", ("class", "wells", f"correlation, {fields[0]}", *(f"gain, {f}" for f in fields[1:])), rows
    )


def left_out_table(data: xr.Dataset) -> Table:
    """Why wells are left out, and how many."""
    rows = tuple(
        (str(name), str(int(count))) for name, count in zip(data["reason"].values, data["wells_left_out"].values, strict=True)
    )
    return Table("Left out", ("reason", "wells"), rows)


def _with_interval(data: xr.Dataset, name: str, k: int, form: str = ".3f") -> str:
    value, lower, upper = (float(data[f"{name}{ending}"][k]) for ending in ("", "_lower", "_upper"))
    if not np.isfinite(value):
        return "–"
    return f"{value:{form}} [{lower:{form}}, {upper:{form}}]" if np.isfinite(lower) else f"{value:{form}}"


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan
