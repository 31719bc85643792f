"""What a folder of shards holds, from its manifest and the sizes of its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.errors import BadInput
from gwkeras.core.finding import Finding, differences
from gwkeras.data.manifest import Manifest, read_manifest
from gwkeras.data.verification import check_sizes

SECTIONS = ("data", "sample", "target", "split", "patches")
"""Those that decide what the samples are."""


def inspect_shards(folder: Path, config: Config | None = None) -> Finding:
    """Samples, channels, months and grids; and whether every shard has its size. `verify_shards` compares digests too.

    Raises: CorruptShard: where the manifest cannot be read.
    """
    manifest = read_manifest(folder)
    faults: tuple[str, ...] = ()
    try:
        check_sizes(folder, manifest.shards)
    except BadInput as error:
        faults = (str(error),)
    reasons = () if config is None else differences(manifest.config, _settled(config, manifest), SECTIONS)
    fits = None if config is None else not (reasons or faults)
    return Finding(str(folder), "shards", _facts(manifest), tuple(manifest.notes), faults, fits, reasons)


def _settled(config: Config, manifest: Manifest) -> dict[str, Any]:
    """The configuration with the patch size that the build has chosen, where it leaves it open; the rest of what no sample
    depends on as it is there."""
    wanted = to_dict(config)
    wanted["data"]["point_spread"] = manifest.config["data"].get("point_spread")
    for name in ("height", "width"):
        wanted["sample"][name] = wanted["sample"][name] or manifest.config["sample"][name]
    return wanted


def _facts(manifest: Manifest) -> dict[str, Any]:
    sample = manifest.sample
    splits = list(dict.fromkeys(s.split for s in manifest.shards))
    total = sum(s.bytes for s in manifest.shards)
    channels = (*sample.climate, *sample.covariates)
    return {
        "samples": ", ".join(f"{manifest.samples_of(s)} {s}" for s in splits),
        "files": f"{len(manifest.shards)}, {total / 2**20:.1f} MiB, compression {manifest.compression}",
        "shape": f"{sample.height} × {sample.width} coarse cells, factor {sample.factor}, {sample.months} months of climate",
        "climate": list(sample.climate),
        "covariates": list(sample.covariates),
        "units": {name: manifest.units[name] for name in channels if name in manifest.units},
        "split": manifest.split.description,
        "test months": _months(manifest.split.test_months),
        "grids": {split: f"{len(grids)}, such as {grids[0].describe()}" for split, grids in manifest.grids.items() if grids},
        "sources": [f"{s.file} ({s.size / 2**20:.1f} MiB)" for s in manifest.sources],
        "schema version": manifest.schema_version,
    }


def _months(months: tuple[str, ...]) -> str:
    return f"{len(months)} from {min(months)} to {max(months)}" if months else "none named"
