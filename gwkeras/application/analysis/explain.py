"""What a method of a run predicts from: by groups of inputs for any method, by features for priors that have them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.analysis.attribution.coalitions import MOST_GROUPS, Attribution, shapley
from gwkeras.analysis.attribution.local_coefficients import coefficient_maps, has_local_coefficients
from gwkeras.analysis.attribution.network import network_attribution, network_of
from gwkeras.analysis.attribution.stack import members_of, stack_attribution
from gwkeras.analysis.attribution.tabular import grouped, tabular_shapley
from gwkeras.analysis.attribution.usual_inputs import groups_of, with_usual
from gwkeras.application.opening import Application
from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month
from gwkeras.core.progress import Progress
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.fields.writing.cf_file import CONVENTIONS
from gwkeras.methods.composition import Composition
from gwkeras.methods.method import Method
from gwkeras.methods.priors.learners.fitted import FittedLearner

_ADDITIVE = 1e-3  # of the prediction's root mean square: rounding of float32 fields
_SAID = {
    "group": "The usual input is the mean of each calendar month for climate and product, and the mean over land for maps.",
    "feature": "Of the prior alone, before the update: memories against their mean over the training months, "
    "channels and maps that stand by themselves against the usual.",
    "row": "Of the prior alone, before the update, in single cells; against other months.",
}


@dataclass(frozen=True)
class Explained:
    """The dataset, and what a reader should know."""

    data: xr.Dataset
    notes: tuple[str, ...]


def spread_months(months: list[Month], number: int) -> list[Month]:
    """As many months as asked for, spread evenly over a record; all where it has no more.

    Args:
        months: of the record.
        number: wanted.
    """
    chosen = np.unique(np.linspace(0, len(months) - 1, min(number, len(months))).round().astype(int))
    return [months[k] for k in chosen]


def explain_groups(
    application: Application, number: int, *, attributes: Mapping[str, str] | None = None, progress: Progress = lambda *_: None
) -> Explained:
    """Exact Shapley values of climate channels, maps and the product, for any method, in every cell.

    Args:
        application: a method and its domain.
        number: of months.
        attributes: of the dataset.
        progress: called with a label, the number done and in all.
    Raises: BadInput: where there are too many groups.
    """
    method, domain = application.job.method, application.job.domain
    months, names = spread_months(application.months, number), groups_of(domain)
    if len(names) > MOST_GROUPS:
        expected = f"at most {MOST_GROUPS} groups of inputs"
        raise BadInput("gwkeras explain", expected=expected, found=str(len(names)), remedy="explain it by feature")
    with tempfile.TemporaryDirectory(prefix="gwkeras-explain-") as folder:

        def asked(as_they_are: frozenset[str]) -> np.ndarray:
            changed = with_usual(domain, [name for name in names if name not in as_they_are], Path(folder))
            return np.stack([method.predict(changed, month).mean for month in months])

        found = shapley(names, asked, lambda done, total: progress("coalitions", done, total))
    return _explained(found, domain, months, "group", dict(attributes or {}), method.name)


def explain_features(
    application: Application,
    number: int,
    *,
    rows: int = 200,
    attributes: Mapping[str, str] | None = None,
    progress: Progress = lambda *_: None,
) -> Explained:
    """Contributions of features: closed form for a ridge, coalitions for what else is in a stack, shap for learners, gradients.

    Args:
        application: a method whose prior has features.
        number: of months.
        rows: cells and months that are explained, where it takes the shap package.
        attributes: of the dataset.
        progress: called with a label, the number done and in all.
    Raises: BadInput: where the prior has no features of its own.
    """
    method, domain = application.job.method, application.job.domain
    prior = _prior_of(method)
    months = spread_months(application.months, number)
    if members := members_of(prior):
        with tempfile.TemporaryDirectory(prefix="gwkeras-explain-") as folder:
            found = stack_attribution(members, domain, months, Path(folder), lambda *done: progress("coalitions", *done))
        return _explained(found, domain, months, "feature", dict(attributes or {}), method.name)
    if isinstance(prior, FittedLearner) and prior.regression is not None:
        parts, groups = _of_learner(prior, domain, months, rows)
        return _explained_rows(parts, groups, len(months), dict(attributes or {}), method.name)
    network = network_of(method if prior is None else prior)
    if network is not None:
        parts = network_attribution(*network, domain, months, rows)
        return _explained_rows(parts, None, len(months), dict(attributes or {}), method.name)
    raise BadInput(
        "gwkeras explain --by feature",
        expected="a prior with features of its own that is not 0 everywhere (a stack, ridge, learner or network)",
        found=f"'{method.name}'",
        remedy="explain it by group",
    )


def explain_coefficients(application: Application, number: int, *, attributes: Mapping[str, str] | None = None) -> Explained:
    """Maps of local coefficients, of priors that have them.

    Args:
        application: a method of such a prior.
        number: of months, where coefficients follow time.
        attributes: of the dataset.
    Raises: BadInput: where the prior has none.
    """
    method, domain = application.job.method, application.job.domain
    prior = _prior_of(method)
    if not has_local_coefficients(prior):
        raise BadInput(
            "gwkeras explain --by coefficient",
            expected="a prior with local coefficients (gnnwr, gtnnwr) that is not zero",
            found=f"'{method.name}'",
            remedy="name such a method with --method, or explain it by group",
        )
    maps = coefficient_maps(prior, domain, spread_months(application.months, number))
    data = xr.Dataset(
        attrs={"Conventions": CONVENTIONS, "title": f"Local coefficients of '{method.name}'"} | dict(attributes or {})
    )
    data["feature"] = ("feature", np.array(maps.names, dtype=object), {"long_name": "memory of a climate channel"})
    _put_grid(data, domain)
    told = {"long_name": "what a standard deviation of the memory adds to the prior", "units": "mm"}
    if maps.months:
        _put_time(data, list(maps.months))
        data["coefficient"] = (("feature", "time", "lat", "lon"), maps.values, told)
    else:
        data["coefficient"] = (("feature", "lat", "lon"), maps.values[:, 0], told)
    known = np.isfinite(maps.values)
    mass = np.where(known, domain.fine.area * domain.land_fine, 0.0)
    weight = mass.sum(axis=(1, 2, 3))
    values = np.where(known, maps.values, 0.0).astype(float)
    mean = (values * mass).sum(axis=(1, 2, 3)) / weight
    spread = np.sqrt((np.square(values - mean[:, None, None, None]) * mass).sum(axis=(1, 2, 3)) / weight)
    data["mean"] = ("feature", mean, {"long_name": "mean of the coefficient, by area and land", "units": "mm"})
    data["deviation"] = ("feature", spread, {"long_name": "standard deviation of the coefficient", "units": "mm"})
    over = f"land and {len(maps.months)} months" if maps.months else "land, the same in all months"
    notes = (f"Coefficients vary over {over}. They are the prior's, before the update; memories that go together share them.",)
    data.attrs["notes"] = "\n".join(notes)
    return Explained(data, notes)


def _prior_of(method: Method):  # type: ignore[no-untyped-def]
    inner = getattr(method, "inner", method)
    return inner.prior if isinstance(inner, Composition) else None


def _explained(
    found: Attribution, domain: Domain, months: list[Month], by: str, attributes: dict[str, str], method: str
) -> Explained:
    weights = domain.fine.area * domain.land_fine
    known = np.isfinite(found.predicted) & (weights > 0)
    mass = np.where(known, weights, 0.0)
    mean = np.where(known, np.abs(found.values), 0.0)
    importance = (mean * mass).sum(axis=(1, 2, 3)) / mass.sum()
    gap = float(np.max(np.abs(found.usual + found.values.sum(axis=0) - found.predicted)[known], initial=0.0))
    size = float(np.sqrt((np.where(known, found.predicted, 0.0) ** 2 * mass).sum() / mass.sum()))
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": f"What '{method}' predicts from", **attributes})
    data[by] = (by, np.array(found.names, dtype=object), {"long_name": f"{by} of inputs"})
    _put_time(data, months)
    _put_grid(data, domain)
    place = ("time", "lat", "lon")
    for name, values, dims, meaning in (
        ("contribution", np.where(known, found.values, np.nan), (by, *place), "Shapley value: what it adds to the prediction"),
        ("usual", np.where(known, found.usual, np.nan), place, "prediction with all inputs as usual"),
        ("predicted", np.where(known, found.predicted, np.nan), place, "prediction"),
    ):
        data[name] = (dims, values.astype(np.float32), {"long_name": meaning, "units": "mm", "comment": _SAID[by]})
    data["importance"] = (by, importance, {"long_name": "mean size of the contribution, by area and land", "units": "mm"})
    return _finished(data, gap, size, len(months), by)


def _put_time(data: xr.Dataset, months: list[Month]) -> None:
    data["time"] = ("time", np.array(months, "datetime64[ns]"), {"standard_name": "time", "long_name": "first day of the month"})


def _put_grid(data: xr.Dataset, domain: Domain) -> None:
    for axis, values, name, unit in (
        ("lat", domain.fine.lat, "latitude", "degrees_north"),
        ("lon", domain.fine.lon, "longitude", "degrees_east"),
    ):
        data[axis] = (axis, values, {"standard_name": name, "units": unit})


def _of_learner(prior: FittedLearner, domain: Domain, months: list[Month], rows: int) -> tuple[Attribution, Attribution]:
    """Rows of cells and months, by feature and by group; usual are cells in training months."""
    features, regression = prior.features, prior.regression
    assert regression is not None
    climate = FineClimate.of(domain)
    maps = features.maps(climate)
    rng = np.random.default_rng(0)

    def some(stamps: np.ndarray, number: int) -> np.ndarray:
        found = features.fine(climate, maps, stamps)
        return np.concatenate([row[rng.choice(len(row), size=min(number, len(row)), replace=False)] for _, row in found])

    asked = some(np.unique(np.array(months).astype("datetime64[M]")), max(rows // len(months), 1))
    usual = some(prior.training_months[:: max(len(prior.training_months) // 24, 1)], 2)
    told = [(channel, constant) for constant in features.time_constants for channel in features.channels]
    names = [f"{channel}, {constant:g} months" for channel, constant in told] + list(features.standard.names)
    groups = [channel for channel, _ in told] + ["maps"] * len(features.standard.names)
    if features.located:
        names, groups = [*names, "latitude", "longitude", "month"], [*groups, *["place"] * 2, "time"]
    found = tabular_shapley(regression, asked, usual, names)
    share = prior.share
    scaled = Attribution(found.names, share * found.values, share * found.usual, share * found.predicted)
    return scaled, grouped(scaled, groups)


def _explained_rows(
    parts: Attribution, groups: Attribution | None, months: int, attributes: dict[str, str], method: str
) -> Explained:
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": f"What '{method}' predicts from", **attributes})
    for by, ending, result in (("feature", "", parts), ("group", "_by_group", groups)):
        if result is None:
            continue
        data[by] = (by, np.array(result.names, dtype=object), {"long_name": f"{by} of inputs"})
        meaning = "what it adds to the prediction of a cell in a month"
        data[f"contribution{ending}"] = ((by, "row"), result.values.astype(np.float32), {"long_name": meaning, "units": "mm"})
        size = np.abs(result.values).mean(axis=1)
        data[f"importance{ending}"] = (by, size, {"long_name": "mean size of the contribution", "units": "mm"})
    return _finished(data, parts.gap, float(np.sqrt((parts.predicted**2).mean())), months, "row")


def _finished(data: xr.Dataset, gap: float, size: float, months: int, by: str) -> Explained:
    notes = [
        f"{_SAID[by]} {months} months; they and the prediction from usual inputs add up to the prediction within {gap:.2g} mm."
    ]
    if gap > _ADDITIVE * max(size, 1e-6):
        notes.append(f"That is more than rounding (the prediction has a size of {size:.3g} mm): contributions are incomplete.")
    data.attrs |= {"additivity_gap_mm": gap, "notes": "\n".join(notes)}
    return Explained(data, tuple(notes))
