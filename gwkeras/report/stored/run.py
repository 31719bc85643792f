"""What a run folder holds for a report: scores, fields, configuration, the training's history. Nothing is predicted."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import load_run_config
from gwkeras.core.errors import BadInput
from gwkeras.evaluate.findings.skill import INTERPOLATIONS
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.evaluate.stored.fields import open_fields
from gwkeras.evaluate.stored.store import read_evaluation
from gwkeras.report.stored.study import StoredStudy
from gwkeras.report.stored.told import Told
from gwkeras.training.run_folder import RunFolder


@dataclass(frozen=True)
class StoredRun:
    """One run, or several that were judged alike, as they are stored.

    Args:
        evaluation: scores.
        told: facts about the run.
        fields: that were judged, read when they are asked for; None where none are kept.
        config: of the run; None where its folder holds none.
        history: the training's history, name -> values by epoch; empty where no network was trained.
        summary: summary.json; empty where the run has not ended.
        record: gwsa_fine.nc; None where nothing has been downscaled.
        wells: wells.nc; None where no wells were compared.
        names: of the runs.
        folder: of the run.
        study: of `gwkeras ablate`, that is reported with the run; None where none is.
    """

    evaluation: Evaluation
    told: Told
    fields: xr.Dataset | None = None
    config: Config | None = None
    history: dict[str, list[float]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    record: Path | None = None
    wells: xr.Dataset | None = None
    names: tuple[str, ...] = ()
    folder: Path = Path()
    study: StoredStudy | None = None

    @property
    def method(self) -> str:
        """The one that the report is about: the first that is no interpolation, else the last interpolation."""
        methods = self.evaluation.methods
        return next((name for name in methods if name not in INTERPOLATIONS), methods[-1])

    @property
    def has_network(self) -> bool:
        """Whether a network was trained."""
        return bool(self.history)


def read_run(folder: Path) -> StoredRun:
    """All that a run folder holds.

    Raises: BadInput: where it is no run, has not been evaluated, was evaluated by another version, or nothing in it was judged.
    """
    run = RunFolder(folder)
    if not folder.is_dir():
        raise BadInput(
            folder, expected="a run folder", found="none", remedy="give a folder that gwkeras run or evaluate has made"
        )
    evaluation = read_evaluation(run.evaluation)
    if not len(evaluation.months) or not float(evaluation.data["sum_weight"].sum()) > 0:
        raise BadInput(
            run.evaluation,
            expected="months with scores",
            found="none",
            remedy="hold out months or blocks (split.test_share, split.block_share) and run gwkeras evaluate again",
        )
    summary = _summary(run.summary)
    told = Told.of(evaluation.data.attrs)
    told = replace(told, facts={**told.facts, **summary.get("facts", {})})
    return StoredRun(
        evaluation,
        told,
        open_fields(run.evaluation_fields, evaluation.digest),
        load_run_config(run.config) if run.config.exists() else None,
        _history(run.history),
        summary,
        run.fine if run.fine.is_file() else None,
        _wells(run.wells),
        (told.title or folder.name,),
        folder,
    )


def _history(path: Path) -> dict[str, list[float]]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        return {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else {}
    except (TypeError, ValueError) as error:
        raise BadInput(
            path,
            expected="the history of a training",
            found=f"something else ({error})",
            remedy="delete the file, or train again",
        ) from error


def _summary(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadInput(path, expected="the summary of a run", found="something else", remedy="delete the file, or run again")
    return found


def _wells(path: Path) -> xr.Dataset | None:
    if not path.is_file():
        return None
    try:
        with xr.open_dataset(path, engine="netcdf4") as file:
            found = file.load()
        _ = found["median_gain"], found.attrs["interval"]
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise BadInput(
            path, expected="what gwkeras wells writes", found=f"something else ({error})", remedy="run gwkeras wells again"
        ) from error
    return found


def field_of(fields: xr.Dataset, name: str, month: int, method: str | None = None) -> np.ndarray:
    """(n_lat, n_lon) one field as float64.

    Args:
        fields: as stored.
        name: "mean", "sigma", "truth" or "product".
        month: its position among the months that are kept.
        method: for the first two.
    """
    return _variable(fields, name, method).isel(time=month).values.astype(np.float64)


def months_of(fields: xr.Dataset, name: str, method: str | None = None) -> Iterator[np.ndarray]:
    """Every month as by `field_of`; months that a file holds in one chunk are read together."""
    variable = _variable(fields, name, method)
    start = 0
    for size in variable.chunksizes.get("time", (1,) * variable.sizes["time"]):
        yield from variable.isel(time=slice(start, start + size)).values.astype(np.float64)
        start += size


def _variable(fields: xr.Dataset, name: str, method: str | None) -> xr.DataArray:
    variable = fields[name]
    return variable if method is None else variable.isel(method=list(map(str, fields["method"].values)).index(method))
