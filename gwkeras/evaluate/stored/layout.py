"""The variables of evaluation.nc, with what CF wants said of them.

`sum_*` are sums of weight × integrand by set of cells, method and month: any aggregate can be formed from them. Beside them, for
people, stand the scores by method and month, `*_map` for every cell over all months, and `patch_*` for each test patch; and what
is no score of cells: consistency with the product, power by wavelength, run times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

import gwkeras
from gwkeras.core.grid import Grid
from gwkeras.evaluate.findings.classes import SEASONS
from gwkeras.evaluate.gathering import Gathering
from gwkeras.evaluate.measures.metric import evaluated
from gwkeras.evaluate.measures.physics import TERMS
from gwkeras.evaluate.measures.pit import BINS
from gwkeras.evaluate.measures.spectra import CENTRES_KM, EDGES_KM
from gwkeras.evaluate.measures.spread import CENTRES_MM, EDGES_MM, KINDS
from gwkeras.evaluate.stored.evaluation import ALL, HELD_OUT, Evaluation, sums_kept
from gwkeras.fields.writing.cf_file import CONVENTIONS, GRID_MAPPING

VERSION = 3
"""Of the layout; raised when an older file can no longer be read."""

_TERM_MEANINGS = {
    "sign": "hinge of storage change against the sign of P - ET (trained form of eq. 12)",
    "magnitude": "mean squared difference of scaled storage change and infiltration (eq. 13)",
    "regional": "mean absolute difference of regional means of storage change and infiltration (eq. 14)",
    "physics": "weighted sum of sign, magnitude and regional term",
    "smoothness": "differences between neighbours (eq. 15)",
    "sign_share": "share of cells whose storage change has the wrong sign (eq. 12 as printed)",
}

_SPREAD_MEANINGS = {
    "weight": ("area of land by the predicted standard deviation", "km2"),
    "squared_error": ("sum of land area times squared error by the predicted standard deviation", "mm2 km2"),
    "variance": ("sum of land area times predicted variance by the predicted standard deviation", "mm2 km2"),
    "absolute_error": ("sum of land area times the absolute error, by the absolute error", "mm km2"),
    "error_weight": ("area of land by the absolute error, of methods that state a standard deviation", "km2"),
}


@dataclass(frozen=True)
class Example:
    """One month shown as a map: that whose truth varies most.

    Args:
        stamp: its first day.
        grid: of the fine fields.
        coarse_step: of the coarse field, degrees.
        coarse: (n_lat, n_lon) mm, the coarse field on fine cells.
        truth: (n_lat, n_lon) mm.
        means: (methods, n_lat, n_lon) mm.
        sigmas: likewise; NaN for methods without one.
    """

    stamp: np.datetime64
    grid: Grid
    coarse_step: float
    coarse: np.ndarray
    truth: np.ndarray
    means: np.ndarray
    sigmas: np.ndarray


def evaluation_of(gathered: Gathering, methods: tuple[str, ...], example: Example, attributes: dict[str, str]) -> Evaluation:
    """Everything that was gathered, as it is stored.

    Args:
        gathered: sums of all methods.
        methods: their names.
        example: the month that is shown.
        attributes: provenance, for the file's head.
    """
    judge = gathered.judge
    data = xr.Dataset(
        attrs={
            "Conventions": CONVENTIONS,
            "title": "Scores of downscaled groundwater storage",
            "source": f"gwkeras {gwkeras.__version__}",
            **attributes,
            "layout_version": VERSION,
            "judged_by": judge.basis,
            "held_out": judge.held_out,
            "split": judge.kind,
            "evidence": judge.evidence,
            "caution": judge.caution,
        }
    )
    _axes(data, gathered, methods)
    _sums(data, gathered)
    _maps(data, gathered)
    _beyond_scores(data, gathered)
    if gathered.boxes:
        _patches(data, gathered)
    _example(data, example)
    found = Evaluation(data)
    for column in found.columns:
        meaning = {"long_name": column.metric.meaning, "units": column.metric.unit}
        for group in (g for g in (ALL, HELD_OUT) if g in found.groups):  # those of the other classes follow from their sums
            name = column.key if group == ALL else f"{column.key}_in_{group}"
            data[name] = (("method", "time"), found.score(column, group), meaning)
        if found.has_patches:
            data[f"patch_{column.key}"] = (("method", "patch"), found.patch_score(column), meaning)
        if column.metric.mapped:
            sums = {"weight": gathered.maps["cells"], **gathered.maps}
            values = found._of_own_interval(column, evaluated(column.metric, sums)).astype(np.float32)
            data[f"{column.key}_map"] = (
                ("method", "lat", "lon"),
                values,
                {**meaning, "grid_mapping": "crs", "cell_methods": "area: mean where land"},
            )
    return found


def _axes(data: xr.Dataset, gathered: Gathering, methods: tuple[str, ...]) -> None:
    grid = gathered.grid
    data["method"] = ("method", np.array(methods, dtype=object), {"long_name": "way to downscale"})
    data["cells"] = ("cells", np.array(gathered.groups, dtype=object), {"long_name": "set of cells that is scored"})
    data["time"] = (
        "time",
        gathered.stamps.astype("datetime64[ns]"),
        {"standard_name": "time", "long_name": "first day of the month", "axis": "T"},
    )
    for name, word, axis, unit, centres, edges in (
        ("lat", "latitude", "Y", "degrees_north", grid.lat, grid.lat_edges),
        ("lon", "longitude", "X", "degrees_east", grid.lon, grid.lon_edges),
    ):
        data[name] = (
            name,
            centres,
            {"standard_name": word, "long_name": word, "axis": axis, "units": unit, "bounds": f"{name}_bounds"},
        )
        data[f"{name}_bounds"] = ((name, "bounds"), np.stack([edges[:-1], edges[1:]], axis=1))
    edges = np.arange(BINS + 1) / BINS
    data["pit_bin"] = (
        "pit_bin",
        (edges[:-1] + edges[1:]) / 2,
        {"long_name": "cumulative probability of the truth in the predicted distribution", "units": "1", "bounds": "pit_bounds"},
    )
    data["pit_bounds"] = (("pit_bin", "bounds"), np.stack([edges[:-1], edges[1:]], axis=1))
    data["crs"] = (
        (),
        np.int32(0),
        dict(GRID_MAPPING),
    )


def _sums(data: xr.Dataset, gathered: Gathering) -> None:
    dims = ("cells", "method", "time")
    meanings = {"cells": "number of cells that were scored", "weight": "land area that was scored"}
    for name, unit in sums_kept().items():
        meaning = meanings.get(name, f"sum over cells of land area times {name.replace('_', ' ')}")
        data[f"sum_{name}"] = (dims, gathered.sums[name], {"long_name": meaning, "units": unit})
    data["pit_count"] = ((*dims, "pit_bin"), gathered.pit[0], {"long_name": "number of cells in the bin", "units": "1"})
    data["pit_weight"] = ((*dims, "pit_bin"), gathered.pit[1], {"long_name": "area of land in the bin", "units": "km2"})
    data["season"] = ("season", np.array(SEASONS, dtype=object), {"long_name": "season, by the initials of its months"})
    data["spread_bin"] = (
        "spread_bin",
        CENTRES_MM,
        {"long_name": "standard deviation or absolute error", "units": "mm", "bounds": "spread_bounds"},
    )
    data["spread_bounds"] = (("spread_bin", "bounds"), np.stack([EDGES_MM[:-1], EDGES_MM[1:]], axis=1))
    for name, values in zip(KINDS, gathered.spread, strict=True):
        meaning, unit = _SPREAD_MEANINGS[name]
        data[f"spread_{name}"] = (
            ("cells", "method", "season", "spread_bin"),
            values,
            {"long_name": meaning, "units": unit},
        )
    data["interval_probability"] = (
        "method",
        gathered.intervals,
        {"long_name": "probability that the method's interval is to hold", "units": "1"},
    )
    if not gathered.boxes:
        for term, values in zip(TERMS, gathered.physics, strict=True):
            data[f"physics_{term}"] = (("method", "time"), values, {"long_name": _TERM_MEANINGS[term], "units": "1"})
        for term, values in zip(TERMS, gathered.physics_of_truth, strict=True):
            meaning = f"{_TERM_MEANINGS[term]}, of the field that methods are scored against"
            data[f"physics_of_truth_{term}"] = ("time", values, {"long_name": meaning, "units": "1"})


def _maps(data: xr.Dataset, gathered: Gathering) -> None:
    data["months_map"] = (
        ("method", "lat", "lon"),
        gathered.maps["cells"].astype(np.int32),
        {"long_name": "number of months in which the cell was scored", "units": "1", "grid_mapping": "crs"},
    )


def _beyond_scores(data: xr.Dataset, gathered: Gathering) -> None:
    data["land_area_map"] = (
        ("lat", "lon"),
        gathered.land,
        {"long_name": "land area of the cell that can be scored", "units": "km2", "grid_mapping": "crs"},
    )
    data["consistency"] = (
        ("method", "time"),
        gathered.consistency,
        {"long_name": "root mean square of the product minus the predicted field as the satellite would see it", "units": "mm"},
    )
    data["predict_seconds"] = (
        ("method", "time"),
        gathered.seconds,
        {"long_name": "time that predicting the month took", "units": "s"},
    )
    data["wavelength"] = (
        "wavelength",
        CENTRES_KM,
        {"long_name": "wavelength", "units": "km", "bounds": "wavelength_bounds"},
    )
    data["wavelength_bounds"] = (("wavelength", "bounds"), np.stack([EDGES_KM[:-1], EDGES_KM[1:]], axis=1))
    for name, dims, values, what in (
        ("spectrum_truth", ("time",), gathered.spectrum_of_truth, "the field that methods are scored against"),
        ("spectrum_predicted", ("method", "time"), gathered.spectra[0], "the prediction"),
        ("spectrum_error", ("method", "time"), gathered.spectra[1], "the error"),
    ):
        meaning = {"long_name": f"variance of {what} in the class of wavelengths", "units": "mm2"}
        data[name] = ((*dims, "wavelength"), values, meaning)


def _patches(data: xr.Dataset, gathered: Gathering) -> None:
    stamps, *edges = zip(*gathered.boxes, strict=True)
    data["patch"] = ("patch", np.arange(len(gathered.boxes)), {"long_name": "number of the test patch"})
    data["patch_time"] = ("patch", np.array(stamps, "datetime64[ns]"), {"long_name": "first day of the patch's month"})
    for edge, values, unit in zip(
        ("south", "north", "west", "east"), edges, ("degrees_north",) * 2 + ("degrees_east",) * 2, strict=True
    ):
        data[f"patch_{edge}"] = ("patch", np.array(values), {"long_name": f"{edge}ern edge of the patch", "units": unit})
    for name, unit in sums_kept().items():
        data[f"patch_sum_{name}"] = (
            ("method", "patch"),
            np.array(gathered.patch_sums[name], np.float64),
            {"long_name": f"sum over the patch's cells of land area times {name.replace('_', ' ')}", "units": unit},
        )
    terms = np.array(gathered.patch_physics)  # (methods, patches, terms)
    for k, term in enumerate(TERMS):
        data[f"patch_physics_{term}"] = (("method", "patch"), terms[..., k], {"long_name": _TERM_MEANINGS[term], "units": "1"})


def _example(data: xr.Dataset, example: Example) -> None:
    grid = example.grid
    named: tuple[tuple[str, tuple[str, ...], np.ndarray, str], ...] = (
        ("example_coarse", (), example.coarse, f"storage of the product at {example.coarse_step:g} degrees"),
        ("example_truth", (), example.truth, "storage that methods are scored against"),
        ("example_mean", ("method",), example.means, "predicted storage"),
        ("example_sigma", ("method",), example.sigmas, "standard error of the predicted storage"),
    )
    axes = {"lat": grid.lat, "lon": grid.lon}
    shared = grid.shape == (data.sizes["lat"], data.sizes["lon"])
    dims = tuple(axes) if shared else tuple(f"example_{name}" for name in axes)
    if not shared:
        for name, axis in zip(dims, axes, strict=True):
            data[name] = (name, axes[axis], {key: data[axis].attrs[key] for key in ("standard_name", "long_name", "units")})
    for name, before, values, meaning in named:
        attributes: dict[str, Any] = {"long_name": meaning, "units": "mm", "grid_mapping": "crs"}
        data[name] = ((*before, *dims), values.astype(np.float32), attributes)
    data["example_time"] = (
        (),
        example.stamp.astype("datetime64[ns]"),
        {"long_name": "month of the example, whose truth varies most"},
    )
    data.attrs["coarse_step_degrees"] = example.coarse_step
