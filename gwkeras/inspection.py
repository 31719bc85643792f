"""What any path holds: dispatches to the rooms that know."""

from __future__ import annotations

from pathlib import Path

from gwkeras.core.box import Edges
from gwkeras.core.config.tree import Config
from gwkeras.core.errors import BadInput
from gwkeras.core.finding import Finding

_GRAPH, _MANIFEST, _CONFIG = "saved_model.pb", "manifest.json", "config.yaml"


def inspect_path(path: str, config: Config | None = None, edges: Edges = Edges()) -> list[Finding]:
    """Findings on a NetCDF file, ZIP, folder or glob, a folder of shards, a run folder, or a SavedModel.

    Of NetCDF, only the cells that a box touches are looked at, where edges are given.

    What cannot be read is a finding too, with its faults.
    """
    try:
        return _inspect(path, Path(path).expanduser(), config, edges)
    except BadInput as error:
        return [Finding(path, "nothing that can be used", faults=(str(error),), fits=None if config is None else False)]
    except OSError as error:
        sentence = BadInput(
            path,
            expected="something that can be read",
            found=error.strerror or str(error),
            remedy="check the path and its permissions",
        )
        return [Finding(path, "nothing that can be read", faults=(str(sentence),), fits=None if config is None else False)]


def _inspect(path: str, place: Path, config: Config | None, edges: Edges) -> list[Finding]:
    if place.is_file():
        if place.name in (_MANIFEST, _GRAPH) or (place.name == _CONFIG and _is_run(place.parent)):
            return _inspect(str(place.parent), place.parent, config, edges)
        if place.suffix == ".tfrecord" and (place.parent / _MANIFEST).is_file():
            return _inspect(str(place.parent), place.parent, config, edges)
        if place.suffix == ".keras":
            raise BadInput(
                place,
                expected="data, a run folder or a SavedModel",
                found="a Keras model",
                remedy="inspect the run folder that it lies in",
            )
    if place.is_dir():
        if (place / _MANIFEST).is_file():
            from gwkeras.data.shards_finding import inspect_shards

            return [inspect_shards(place, config)]
        if _is_run(place):
            from gwkeras.training.run_finding import inspect_run

            return [inspect_run(place, config)]
        versions = [place] if (place / _GRAPH).is_file() else _versions(place)
        if versions:
            from gwkeras.export.saved_model_finding import inspect_saved_model

            return [inspect_saved_model(version, config) for version in versions]
    from gwkeras.fields.record_finding import inspect_netcdf

    return inspect_netcdf(path, config, edges)


def _is_run(folder: Path) -> bool:
    return (folder / _CONFIG).is_file() and any((folder / name).exists() for name in ("shards", "model.keras"))


def _versions(folder: Path) -> list[Path]:
    found = [p for p in folder.iterdir() if p.name.isdigit() and (p / _GRAPH).is_file()]
    return sorted(found, key=lambda p: int(p.name))
