"""What variants stand on: samples to train on, made once for all that share them, and what they are scored against."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import config_hash, to_dict
from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.data.manifest import Manifest, write_manifest
from gwkeras.evaluate.judge import Judge, choose_judge
from gwkeras.fields.record import Fields
from gwkeras.methods.point_spread import with_point_spread
from gwkeras.training.run_folder import RunFolder
from tfrecords_build.build import Origin, build, build_hash
from tfrecords_build.held_out import held_out_in
from tfrecords_build.patch_size import with_patch_size


@dataclass(frozen=True)
class Ground:
    """Samples, and the judge of those who learn from them.

    Args:
        shards: folder of the build.
        manifest: of the build.
        judge: of the held-out months.
        answer: digest of everything that scores depend on: months, cells, their weights and the true values in them.
    """

    shards: Path
    manifest: Manifest
    judge: Judge
    answer: str


def samples_of(fields: Fields, config: Config) -> str:
    """The hash of the build that a configuration asks for: equal for variants that can share one."""
    return build_hash(with_patch_size(config, fields.grid), Origin(fields.fingerprint))


def prepare(fields: Fields, config: Config, root: Path, workers: int, progress: Callable[[int, int], None]) -> Ground:
    """Builds what is missing in `root/builds`, and opens the judge.

    Raises: BadInput: as `build` and `choose_judge`.
    """
    shards = root / "builds" / samples_of(fields, config)[:16]
    manifest = build(fields, config, shards, workers=workers, progress=progress)
    cache = root / "cache"
    split = held_out_in(manifest, fields, cache)
    judge = choose_judge(with_point_spread(fields, split, RunFolder(root)), config, split, cache)
    return Ground(shards, manifest, judge, judge.digest())


def require_same(ground: Ground, other: Ground, variant: str) -> None:
    """Raises: BadInput: where `variant`, on `other`, is trained on other months or scored otherwise (cells, months, values)."""
    ours, theirs = ground.manifest.split, other.manifest.split
    for what, here, there in (
        ("months to train on", ours.train_months, theirs.train_months),
        ("months to validate on", ours.validation_months, theirs.validation_months),
        ("field to score against", (ground.judge.basis,), (other.judge.basis,)),
        ("held-out months, cells and true values", (ground.answer,), (other.answer,)),
    ):
        if here != there:
            raise BadInput(
                f"variant '{variant}'",
                expected=f"the same {what} as the configuration without changes",
                found="others",
                remedy="leave out what changes them, or give it with --set for all variants",
            )


def share(ground: Ground, config: Config, to: Path) -> None:
    """The build as a run's own shards: the same files under a second name, with a manifest that states `config`."""
    to.mkdir(parents=True, exist_ok=True)
    for shard in ground.manifest.shards:
        source, target = ground.shards / shard.name, to / shard.name
        with replacing_path(target) as partial:
            try:
                os.link(source, partial)
            except OSError:  # a file system without hard links
                shutil.copyfile(source, partial)
    shape = ground.manifest.sample
    sized = replace(config, sample=replace(config.sample, height=shape.height, width=shape.width))
    write_manifest(to, replace(ground.manifest, config=to_dict(sized), config_hash=config_hash(sized)))
