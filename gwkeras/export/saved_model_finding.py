"""What a SavedModel takes and gives, without loading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.errors import BadInput
from gwkeras.core.finding import Finding, differences
from gwkeras.serving.model_info import ModelInfo

GRAPH = "saved_model.pb"
_INFO = Path("assets") / "model_info.json"
_LARGEST = {GRAPH: 2**29, _INFO.name: 2**24}  # bytes


def inspect_saved_model(folder: Path, config: Config | None = None) -> Finding:
    """A version folder: its model's description, or its signatures if it has none.

    Raises: BadInput: where it is damaged, or of another schema version.
    """
    _check(folder / GRAPH)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 2**20
    if not (folder / _INFO).is_file():
        unknown = ("it does not say what it was trained for; export it again",)
        facts = {"size": f"{size:.1f} MiB", "signatures": _signatures(folder / GRAPH)}
        return Finding(
            str(folder),
            "a SavedModel without gwkeras' description",
            facts,
            fits=None if config is None else False,
            reasons=() if config is None else unknown,
        )
    _check(folder / _INFO)
    try:
        values = json.loads((folder / _INFO).read_bytes())
    except ValueError as error:
        raise _damaged(folder / _INFO, str(error)) from error
    if not isinstance(values, dict):
        raise _damaged(folder / _INFO, "no JSON object")
    info = ModelInfo.decode(values, folder / _INFO)
    reasons: tuple[str, ...] = () if config is None else _misfits(info, config)
    return Finding(
        str(folder),
        f"a SavedModel of gwkeras {info.version}",
        {**_facts(info), "size": f"{size:.1f} MiB"},
        fits=None if config is None else not reasons,
        reasons=reasons,
    )


def exported_before(folder: Path, info: ModelInfo) -> Path | None:
    """The newest version in `folder`, if it is of the same network, calibration and settings and has its graph; None otherwise.

    Args:
        folder: of all versions; it need not be there.
        info: what an export made now would say of itself.
    """
    versions = [p for p in folder.iterdir() if p.name.isdecimal()] if folder.is_dir() else []
    if not versions:
        return None
    newest = max(versions, key=lambda p: int(p.name))
    try:
        _check(newest / GRAPH)
        _check(newest / _INFO)
        same = ModelInfo.decode(json.loads((newest / _INFO).read_bytes()), newest) == info
    except (BadInput, ValueError, AttributeError):
        return None
    return newest if same else None


def _facts(info: ModelInfo) -> dict[str, Any]:
    outputs = ["mean", "stddev", *(["lower", "upper"] if info.calibrated else [])]
    return {
        "model": f"{info.name}, {info.kind}{f' + {info.update}' if info.update else ''}",
        "takes": list(info.inputs),
        "gives": f"{', '.join(outputs)}, mm",
        "height and width": f"multiples of {info.divisor} coarse cells",
        "grid": f"{info.grid_step[0]:g}° × {info.grid_step[1]:g}°, factor {info.factor}",
        "months of climate": info.months,
        "climate": [f"{name} [{unit}]" for name, unit in zip(info.climate, info.climate_units, strict=True)],
        "covariates": [f"{name} [{unit}]" for name, unit in zip(info.covariates, info.covariate_units, strict=True)],
        "interval": f"{100 * info.interval:g} %, ± {info.interval_factor:.3g} σ" if info.calibrated else "not calibrated",
        "configuration": info.config_hash,
        "weights": info.weights,
        "schema version": info.schema_version,
    }


def _misfits(info: ModelInfo, config: Config) -> tuple[str, ...]:
    there: dict[str, Any] = {"sample": {"months": info.months, "factor": info.factor}, "model": to_dict(info.model_config)}
    wanted: dict[str, Any] = {
        "sample": {"months": config.sample.months, "factor": config.sample.factor},
        "model": to_dict(config.model),
    }
    if config.sample.climate:
        there["sample"]["climate"], wanted["sample"]["climate"] = ", ".join(info.climate), ", ".join(config.sample.climate)
    return differences(there, wanted, ("sample", "model"))


def _signatures(path: Path) -> dict[str, str]:
    """Name -> inputs and outputs."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    graph = saved_model_pb2.SavedModel()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise _damaged(path, str(error)) from error
    found = {}
    for meta in graph.meta_graphs:
        for name, signature in meta.signature_def.items():
            if name.startswith("__"):  # TensorFlow's own
                continue
            sides = (
                ", ".join(f"{key}{_shape(tensor)}" for key, tensor in sorted(side.items()))
                for side in (signature.inputs, signature.outputs)
            )
            found[name] = " → ".join(sides)
    if not found:
        raise _damaged(path, "no signature")
    return found


def _shape(tensor: Any) -> str:
    if tensor.tensor_shape.unknown_rank:
        return "(…)"
    return f"({', '.join('?' if d.size < 0 else str(d.size) for d in tensor.tensor_shape.dim)})"


def _check(path: Path) -> None:
    size = path.stat().st_size if path.is_file() else -1
    if not 0 < size <= _LARGEST[path.name]:
        raise _damaged(path, "no such file" if size < 0 else f"{size} bytes")


def _damaged(path: Path, found: str) -> BadInput:
    return BadInput(path, expected="a whole SavedModel", found=" ".join(found.split())[:120], remedy="export it again")
