"""Several evaluations as one, where all were judged alike; refused where they were not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.evaluate.findings.skill import INTERPOLATIONS
from gwkeras.evaluate.stored.evaluation import Evaluation


def together(evaluations: Mapping[str, Evaluation]) -> Evaluation:
    """The methods of all, named "run: method"; interpolations, which are the same everywhere, once and under their own names.

    Args:
        evaluations: run -> evaluation, the first one's head is kept.
    Raises: BadInput: where two were scored in other months or cells, or against other true values.
    """
    (first_name, first), *others = evaluations.items()
    for name, other in others:
        require_alike(first_name, first, name, other)
    if not others:
        return first
    groups = [g for g in first.groups if all(g in other.groups for _, other in others)]
    parts = [_named(run, found.data.sel(cells=groups), first=run == first_name) for run, found in evaluations.items()]
    shared = [str(name) for name in parts[0].data_vars if all(name in part for part in parts)]
    joined = {}
    for name in shared:
        variable = parts[0][name]
        if "method" in variable.dims:
            axis = variable.dims.index("method")
            values = np.concatenate([part[name].transpose(*variable.dims).values for part in parts], axis)
            joined[name] = (variable.dims, values, variable.attrs)
        else:
            joined[name] = (variable.dims, variable.values, variable.attrs)
    coordinates = {name: c for name, c in parts[0].coords.items() if "method" not in c.dims}
    coordinates["method"] = ("method", np.concatenate([part["method"].values for part in parts]), parts[0]["method"].attrs)
    return Evaluation(xr.Dataset(joined, coordinates, first.data.attrs))


def require_alike(name: str, found: Evaluation, other_name: str, other: Evaluation) -> None:
    """Raises: BadInput: where the two were scored in other months or cells, or against other true values."""
    for what, here, there in (
        ("scored against", found.basis, other.basis),
        ("scored in", found.held_out, other.held_out),
        ("scored on", "the same months, cells and true values", _same(found, other)),
    ):
        if here != there:
            raise BadInput(
                f"run '{other_name}'",
                expected=f"a run {what} {here}, as '{name}' is",
                found=there,
                remedy="report each by itself; such scores cannot be compared",
            )


def fields_together(fields: Mapping[str, xr.Dataset | None], evaluation: Evaluation) -> xr.Dataset | None:
    """The fields of the methods of `together`, in their order and for the months that all runs keep; None where a run keeps none.

    Args:
        fields: run -> as stored.
        evaluation: of all runs.
    """
    stored = [(run, each) for run, each in fields.items() if each is not None]
    if len(stored) < len(fields):
        return None
    if len(stored) == 1:
        return stored[0][1]
    months = stored[0][1]["time"].values
    for _, each in stored[1:]:
        months = np.intersect1d(months, each["time"].values)
    if not len(months):
        return None
    parts = [
        _named(run, each.sel(time=months), first=k == 0).drop_vars(
            [v for v in each.data_vars if k and "method" not in each[v].dims]
        )
        for k, (run, each) in enumerate(stored)
    ]
    joined = xr.concat(
        [part[[v for v in part.data_vars if "method" in part[v].dims]] for part in parts], "method", join="override"
    )
    rest = parts[0][[v for v in parts[0].data_vars if "method" not in parts[0][v].dims]]
    found = joined.merge(rest, join="override", compat="override").assign_attrs(stored[0][1].attrs)
    return found.sel({"method": list(evaluation.methods)})


def _named(run: str, data: xr.Dataset, first: bool) -> xr.Dataset:
    names = list(map(str, data["method"].values))
    kept = [k for k, name in enumerate(names) if first or name not in INTERPOLATIONS]
    chosen = data.isel(method=kept)
    renamed = [names[k] if names[k] in INTERPOLATIONS else f"{run}: {names[k]}" for k in kept]
    return chosen.assign_coords(method=("method", np.array(renamed, dtype=object), data["method"].attrs))


def _same(found: Evaluation, other: Evaluation) -> str:
    return "the same months, cells and true values" if found.digest == other.digest else "others"
