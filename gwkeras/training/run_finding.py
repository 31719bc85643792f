"""What a run folder holds, stage by stage."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import load_run_config, to_dict
from gwkeras.core.errors import BadInput
from gwkeras.core.finding import Finding, differences
from gwkeras.data.shards_finding import SECTIONS, inspect_shards
from gwkeras.training.resuming.guard import Suspect, explained
from gwkeras.training.run_folder import RunFolder

_LARGEST = 2**24  # bytes of a text that is read as a whole


def inspect_run(folder: Path, config: Config | None = None) -> Finding:
    """The configuration, and which stages have left what.

    Raises: ConfigError: where the run's configuration cannot be read.
    """
    run = RunFolder(folder)
    own = load_run_config(run.config)
    facts: dict[str, Any] = {"name": own.name, "network": own.model.kind, "target": own.target.kind}
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    try:
        shards = inspect_shards(run.shards)
        facts["shards"] = shards.facts["samples"]
        notes, faults = shards.notes, shards.faults
    except BadInput as error:
        if run.shards.exists():
            faults = (str(error),)
        facts["shards"] = "none that can be used"
    facts["network trained"] = _size(run.network)
    facts["epochs logged"] = _epochs(run.history)
    notes += _stopped(_json(run.nan_batch))
    facts["calibration"] = _calibration(_json(run.calibration))
    facts["scores (RMSE, mm)"] = _scores(_json(run.summary))
    facts["downscaled record"] = _size(run.fine)
    versions = sorted(p.name for p in run.saved_model.iterdir() if p.name.isdigit()) if run.saved_model.is_dir() else []
    facts["exported versions"] = versions or "none in the run folder"
    reasons = () if config is None else differences(to_dict(own), to_dict(config), (*SECTIONS, "model", "loss", "training"))
    fits = None if config is None else not (reasons or faults)
    return Finding(str(folder), "a run", facts, notes, faults, fits, reasons)


def _size(path: Path) -> str:
    return f"{path.name}, {path.stat().st_size / 2**20:.1f} MiB" if path.is_file() else "none yet"


def _stopped(values: dict[str, Any]) -> tuple[str, ...]:
    if "epoch" not in values:
        return ()
    samples = values.get("samples")
    try:
        suspects = [Suspect(s["shard"], s["index"], tuple(s["not_finite"])) for s in samples or ()]
    except (KeyError, TypeError):
        return ()
    return (f"training stopped at a loss that is no finite number in epoch {values['epoch']}: {explained(suspects)}",)


def _epochs(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > _LARGEST:
        return "none"
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        return str(max(0, sum(1 for _ in csv.reader(file)) - 1))


def _calibration(values: dict[str, Any]) -> str:
    scale, basis = values.get("sigma_scale"), values.get("basis")
    return f"σ × {scale:.3g}, from {basis}" if isinstance(scale, int | float) else "none yet"


def _scores(values: dict[str, Any]) -> dict[str, str] | str:
    methods = values.get("methods")
    if not isinstance(methods, dict):
        return "none yet"
    errors = {name: scores.get("rmse") for name, scores in methods.items() if isinstance(scores, dict)}
    return {name: f"{rmse:.3f}" for name, rmse in errors.items() if isinstance(rmse, int | float)} or "none yet"


def _json(path: Path) -> dict[str, Any]:
    """An optional file; a damaged one says nothing."""
    try:
        values = json.loads(path.read_bytes()) if path.is_file() and path.stat().st_size < _LARGEST else {}
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
