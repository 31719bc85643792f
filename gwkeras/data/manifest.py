"""manifest.json: what a folder of shards holds, how it was made, and the statistics of its training samples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gwkeras.core.errors import BadInput, CorruptShard
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.grid import Grid
from gwkeras.core.schema import SCHEMA_VERSION, SampleShape
from gwkeras.core.statistics import Statistics
from gwkeras.domain.split import Box, Split
from gwkeras.observation.point_spread import PointSpread

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Shard:
    """One TFRecord file: its split, number of samples, size in bytes and SHA-256."""

    name: str
    split: str
    samples: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A file that the samples come from."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Everything that a reader of the shards needs to know.

    Args:
        config: the resolved configuration as plain values; `config_hash` is its SHA-256.
        build_hash: SHA-256 of that part of the configuration, and of the sources, that determines the samples.
        sample: shapes and channel names.
        units: channel, covariate or field name -> unit.
        compression: "none" or "gzip".
        grids: split -> coarse grids that its samples were cut from.
        notes: what a user should know about this build, in sentences.
        point_spread: the product's filter; samples do not depend on it.
    """

    config: dict[str, Any]
    config_hash: str
    build_hash: str
    sample: SampleShape
    units: dict[str, str]
    compression: str
    grids: dict[str, tuple[Grid, ...]]
    statistics: Statistics
    shards: tuple[Shard, ...]
    sources: tuple[Source, ...]
    split: Split
    notes: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION
    point_spread: PointSpread = PointSpread()

    @property
    def test_months(self) -> tuple[str, ...]:
        return self.split.test_months

    @property
    def grid_step(self) -> tuple[float, float]:
        """(latitude, longitude) step, degrees, of the coarse grid that the build's model is applied to."""
        train = self.grids["train"][0]
        finer = self.sample.factor if self.config["target"]["kind"] == "coarsen" else 1  # which learns one scale up
        return train.lat_step / finer, train.lon_step / finer

    def shards_of(self, split: str) -> tuple[Shard, ...]:
        """Raises: BadInput: where the build has no samples of that split."""
        found = tuple(s for s in self.shards if s.split == split)
        if not found:
            raise BadInput(
                f"split '{split}'",
                expected="one of " + ", ".join(dict.fromkeys(s.split for s in self.shards)),
                found="no samples",
                remedy="build the shards with a configuration that has this split",
            )
        return found

    def samples_of(self, split: str) -> int:
        """Number of samples; 0 for a split that the build does not have."""
        return sum(s.samples for s in self.shards if s.split == split)


def digest(values: Any) -> str:
    """SHA-256 of plain values (dicts, lists, strings, numbers), independent of the order of keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes manifest.json under a temporary name and renames it, so that a reader sees a whole one or none."""
    content = asdict(manifest)
    del content["split"]["test_patches"]  # a function of the rest
    write_atomically(folder / MANIFEST, json.dumps(content, indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Reads manifest.json.

    Raises:
        BadInput: where the folder holds no finished build.
        CorruptShard: where the manifest cannot be read, or was written under another schema version.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise BadInput(
            folder,
            expected=f"a finished build with {MANIFEST}",
            found="none",
            remedy="run gwkeras build-tfrecords (again: a build that was interrupted continues)",
        )
    try:
        data = json.loads(path.read_bytes())
        version = data["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptShard(
            path, expected="a manifest in JSON", found=f"something else ({error})", remedy="build the shards again"
        ) from error
    if version != SCHEMA_VERSION:
        raise CorruptShard(
            path,
            expected=f"samples of schema version {SCHEMA_VERSION}",
            found=f"version {version}",
            remedy="build the shards again with this version of gwkeras",
        )
    try:
        return _manifest(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise CorruptShard(
            path, expected="a complete manifest", found=f"a fault at {error}", remedy="build the shards again"
        ) from error


def _manifest(data: Mapping[str, Any]) -> Manifest:
    sample, split = data["sample"], data["split"]
    months = {key: tuple(split[key]) for key in ("train_months", "validation_months", "test_months", "buffer_degrees")}
    return Manifest(
        **{
            **data,
            "sample": SampleShape(**{**sample, "climate": tuple(sample["climate"]), "covariates": tuple(sample["covariates"])}),
            "grids": {name: tuple(Grid(**g) for g in grids) for name, grids in data["grids"].items()},
            "statistics": Statistics.from_dict(data["statistics"]),
            "shards": tuple(Shard(**s) for s in data["shards"]),
            "sources": tuple(Source(**s) for s in data["sources"]),
            "split": Split(**{**split, **months, "held_out": tuple(Box(**b) for b in split["held_out"])}),
            "notes": tuple(data["notes"]),
            "point_spread": PointSpread(**data.get("point_spread", {})),
        }
    )
