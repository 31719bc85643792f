"""What wells say of fields, as a CF dataset: records and scores by well, medians by field and by class of wells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from gwkeras.analysis.wells.classes import FOOTPRINT_KM, classes_of
from gwkeras.analysis.wells.dropped import counted
from gwkeras.analysis.wells.judging import Judged
from gwkeras.analysis.wells.scores import anomalies
from gwkeras.fields.writing.cf_file import CONVENTIONS

_SCORES = (
    ("correlation", "1", "Pearson correlation of field and well"),
    ("slope", "1", "slope of the field on the well's storage"),
    ("bias", "mm", "mean of field less well"),
    ("rmse", "mm", "root mean square difference of field and well"),
    ("nse", "1", "Nash-Sutcliffe efficiency"),
    ("apparent_specific_yield", "1", "slope of the field on the well's level, mm over mm"),
)
_INTERVALS = (
    ("correlation", "median_correlation", "median over wells of the correlation"),
    ("median_gain", "median_gain", "median over wells of the gain in correlation over the product"),
    ("improved", "share_improved", "share of wells whose correlation is higher than the product's"),
    ("within_cell", "within_cell_correlation",
     "median over pairs of wells in one product cell of the correlation of the standardised series' differences"),
)  # fmt: skip


def dataset_of(judged: Judged, interval: float, attributes: Mapping[str, str] | None = None) -> xr.Dataset:
    """All of it.

    Args:
        judged: what was found.
        interval: probability of the intervals.
        attributes: of the file: where it comes from.
    """
    wells, fields = judged.wells, judged.fields
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "featureType": "timeSeries", "title": "Wells against gridded storage"})
    data.attrs |= dict(attributes or {})
    data.attrs["notes"] = "\n".join([*judged.notes, *_on_the_edge(judged)])
    data.attrs["interval"] = interval
    data["field"] = ("field", np.array([field.name for field in fields], dtype=object), {"long_name": "gridded record"})
    data["time"] = (
        "time",
        wells.months.astype("datetime64[ns]"),
        {"standard_name": "time", "long_name": "first day of the step"},
    )
    data["well"] = ("well", wells.names.astype(object), {"cf_role": "timeseries_id", "long_name": "well"})
    data = data.assign_coords(
        lat=("well", wells.lat, {"standard_name": "latitude", "units": "degrees_north"}),
        lon=("well", wells.lon, {"standard_name": "longitude", "units": "degrees_east"}),
    )
    known = np.isfinite(wells.level)
    _put(data, "level", ("well", "time"), anomalies(wells.level, known), "m", "water level less its mean, rising with storage")
    _put(data, "specific_yield", ("well",), wells.specific_yield, "1", "specific yield as stated")
    _put(data, "edge_distance", ("well",), judged.edge_km, "km", "distance to the nearest cell of the product without data")
    _put(data, "months", ("well",), known.sum(axis=1), "1", "steps that the well shares with all fields")
    _put(data, "gwsa", ("field", "well", "time"), np.stack([f.series for f in fields]), "mm", "storage anomaly of the field")
    for name, unit, meaning in _SCORES:
        _put(data, f"well_{name}", ("field", "well"), np.stack([getattr(f.scores, name) for f in fields]), unit, meaning)
    _put(data, "well_gain", ("field", "well"), np.stack([f.gain for f in fields]), "1", "gain in correlation over the product")
    for source, name, meaning in _INTERVALS:
        found = [getattr(field, source) for field in fields]
        for part, ending in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
            said = meaning if not ending else f"{ending[1:]} bound of the {100 * interval:g} % interval of the {meaning}"
            _put(data, f"{name}{ending}", ("field",), np.array([getattr(each, part) for each in found]), "1", said)
    counts = np.array([[f.within_cell.number, f.within_cell.groups, (~np.isfinite(f.pairs.correlation)).sum()] for f in fields])
    for column, name, meaning in (
        (0, "within_cell_pairs", "pairs of fine cells with wells in one product cell that differ in the field"),
        (1, "within_cell_cells", "product cells that such pairs come from"),
        (2, "within_cell_without_detail", "pairs that do not differ in the field"),
    ):
        _put(data, name, ("field",), counts[:, column], "1", meaning)
    _by_class(data, judged)
    reasons = counted(judged.dropped)
    data["reason"] = ("reason", np.array(list(reasons), dtype=object), {"long_name": "why wells are left out"})
    _put(data, "wells_left_out", ("reason",), np.array(list(reasons.values()), dtype=np.int64), "1", "wells left out")
    return data


def _by_class(data: xr.Dataset, judged: Judged) -> None:
    groups = classes_of(judged.wells, judged.edge_km)
    data["class"] = ("class", np.array(list(groups), dtype=object), {"long_name": "attribute and class of wells"})
    members = list(groups.values())
    _put(data, "class_wells", ("class",), np.array([member.sum() for member in members], dtype=np.int64), "1", "wells")
    for name, values, meaning in (
        ("class_correlation", [f.scores.correlation for f in judged.fields], "median correlation of field and well"),
        ("class_slope", [f.scores.slope for f in judged.fields], "median slope of the field on the well's storage"),
        ("class_gain", [f.gain for f in judged.fields], "median gain in correlation over the product"),
    ):
        table = np.array([[_median(each[member]) for member in members] for each in values]).reshape(len(values), len(members))
        _put(data, name, ("field", "class"), table, "1", meaning)


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def _on_the_edge(judged: Judged) -> list[str]:
    """What leakage does to wells near the sea, said where there are such."""
    near = judged.edge_km <= FOOTPRINT_KM
    if not near.any():
        return []
    share = f"{int(near.sum())} of {near.size} wells"
    return [
        f"Coastal leakage: {share} lie within {FOOTPRINT_KM:g} km of a cell without data (the sea, or beyond its region). "
        "GRACE resolves some 300 km, so signal from the sea leaks into the coast and the product is damped there. Low "
        "correlations of such wells are partly due to this leakage."
    ]


def _put(data: xr.Dataset, name: str, dims: tuple[str, ...], values: np.ndarray, unit: str, meaning: str) -> None:
    attributes: dict[str, Any] = {"long_name": meaning, "units": unit}
    data[name] = (dims, values, attributes)
