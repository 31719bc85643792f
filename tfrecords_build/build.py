"""The build: plan, write what is missing, and only then say in a manifest that it is there.

Shards grow in `.partial` within the output folder, each with a record of itself. A killed build leaves whole shards there,
which the same command takes up; another configuration is refused. The manifest comes last: without it the folder is no build.
"""

from __future__ import annotations

import gc
import os
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import config_hash, to_dict
from gwkeras.core.errors import BadInput, disk_is_full
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.schema import CLIMATE_UNITS, FEATURES, SCHEMA_VERSION, SampleShape
from gwkeras.data.codec import Codec
from gwkeras.data.manifest import MANIFEST, Manifest, Source, digest, read_manifest, write_manifest
from gwkeras.data.verification import intact_shards
from gwkeras.domain.covariates import unit_of
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import Domains, open_domains
from gwkeras.domain.seasonal_detail import NAME
from gwkeras.fields.record import Fields
from gwkeras.observation.point_spread import PointSpread
from tfrecords_build.patch_size import with_patch_size
from tfrecords_build.patches import coarser_entries, entries
from tfrecords_build.shards import ShardWriter, Unit, Written, read_record, units
from tfrecords_build.statistics import merge, statistics
from tfrecords_build.workers import run

Progress = Callable[[int, int], None]
"""Called with the number of samples written so far and in all."""

_PARTIAL, _PLAN = ".partial", "build_hash"


@dataclass(frozen=True)
class Origin:
    """What the samples come from, as the manifest tells it.

    Args:
        fingerprint: changes with the content of the sources and how they are read.
        static_units: name of a static field -> unit.
    """

    fingerprint: str = ""
    sources: tuple[Source, ...] = ()
    static_units: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    point_spread: PointSpread = PointSpread()


def build(
    fields: Fields,
    config: Config,
    output: Path,
    workers: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Builds the shards of an experiment, or what an earlier, interrupted call left to do.

    Args:
        output: folder; shards lie directly in it, with manifest.json beside them.
        workers: local processes. The shards' bytes do not depend on it.
        scheduler: address of a Dask cluster that does the work instead.
        overwrite: replace a build of another configuration; it stands until the new one is complete.
    Raises:
        BadInput: where the folder holds another build, the disk is full, or fields and configuration do not go together.
        RunInUse: where another process builds there.
    """
    config = with_patch_size(config, fields.grid)
    origin = Origin(
        fields.fingerprint,
        tuple(Source(**s) for s in fields.sources),
        {name: str(field.attrs.get("units", "1")) for name, field in fields.static.items()},
        (*fields.notes, *notes_on_target(config, fields.point_spread)),
        fields.point_spread,
    )
    return build_domains(
        lambda cache: open_domains(fields, config, cache),
        config,
        output,
        origin=origin,
        workers=workers,
        scheduler=scheduler,
        overwrite=overwrite,
        progress=progress,
    )


def build_domains(
    open_in: Callable[[Path], Domains],
    config: Config,
    output: Path,
    *,
    origin: Origin = Origin(),
    workers: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """`build` from domains that `open_in` opens in a cache folder; see there."""
    output = Path(output).absolute()
    try:
        with folder_lock(output):
            return _build(open_in, config, output, origin, workers, scheduler, overwrite, progress or (lambda done, total: None))
    except OSError as error:
        if not disk_is_full(error):
            raise
        raise BadInput(
            output,
            expected="room for the shards",
            found=f"a full disk ({error.strerror or error})",
            remedy="free some space and give the same command again, which continues; nothing that was there is lost",
        ) from error


def build_hash(config: Config, origin: Origin) -> str:
    """Changes with all that determines the samples: not with where the sources lie, nor with how a model is trained on them."""
    parts = {name: to_dict(getattr(config, name)) for name in ("data", "sample", "target", "split", "patches", "shards")}
    del parts["data"]["truth"], parts["data"]["point_spread"]  # samples hold the product as it is, however it came about
    if parts["sample"]["months_required"] <= parts["sample"]["months"]:  # which then says nothing
        del parts["sample"]["months_required"]
    return digest({"schema": SCHEMA_VERSION, "fingerprint": origin.fingerprint, **_without_paths(parts)})


def _without_paths(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_paths(value) for key, value in tree.items() if key != "path"}
    return [_without_paths(item) for item in tree] if isinstance(tree, list) else tree


def _build(
    open_in: Callable[[Path], Domains],
    config: Config,
    output: Path,
    origin: Origin,
    workers: int,
    scheduler: str | None,
    overwrite: bool,
    progress: Progress,
) -> Manifest:
    wanted = build_hash(config, origin)
    earlier = _earlier(output, wanted, overwrite)
    intact = intact_shards(output, earlier) if earlier else ()
    if earlier and len(intact) == len(earlier.shards):
        return earlier
    partial = output / _PARTIAL
    _claim(partial, wanted, overwrite)

    # Packed and unpacked, the domains let go of the pages of the files that were mapped while they were made.
    domains: Domains = pickle.loads(pickle.dumps(open_in(partial / "domains")))
    gc.collect()
    plan, notes = _plan(domains, config)
    first = domains.train[0]
    shape = first.sample_shape(config.sample.height, config.sample.width)
    writer = ShardWriter(domains, shape, partial, config.shards.compression)

    written = {s.name: Written(s) for s in intact}
    written |= {u.name: record for u in plan if (record := read_record(partial, u)) is not None}
    missing = [u for u in plan if u.name not in written]
    total, done = sum(len(u.entries) for u in plan), sum(w.shard.samples for w in written.values())
    _check_space(output, shape, missing, config)
    progress(done, total)

    def on_done(record: Written) -> None:
        nonlocal done
        written[record.shard.name] = record
        done += record.shard.samples
        progress(done, total)

    run(writer, missing, workers, scheduler, on_done)

    records = [written[u.name] for u in plan]
    # A build whose damaged shards were written anew keeps its statistics: they are a function of the same samples.
    found = earlier.statistics if earlier else statistics(merge(r.sums for r in records if r.shard.split == "train"), shape)
    manifest = Manifest(
        config=to_dict(config),
        config_hash=config_hash(config),
        build_hash=wanted,
        sample=shape,
        units=_units(first, shape, origin),
        compression=config.shards.compression,
        grids={part: tuple(each.coarse for each in domains.of(part)) for part in sorted({unit.split for unit in plan})},
        statistics=found,
        shards=tuple(r.shard for r in records),
        sources=origin.sources,
        split=domains.split,
        notes=(*origin.notes, *notes),
        point_spread=origin.point_spread,
    )
    _publish(output, partial, manifest)
    return manifest


def notes_on_target(config: Config, spread: PointSpread) -> tuple[str, ...]:
    """What should be known of a target before hours are spent on learning it."""
    if config.target.kind != "coarsen" or spread.kind != "gaussian":
        return ()
    return (
        f"The product is smoothed by a Gaussian filter (half-weight radius {spread.half_weight_km:g} km), so a coarser version "
        "of it holds no detail that a network could learn. A network that learns through the filter: target.kind=product, "
        "model.kind=prior, and the method {prior: network, update: kriging}.",
    )


def _plan(domains: Domains, config: Config) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """Which samples go into which shard: a function of the domains and the configuration alone."""
    parts, notes = entries(domains.train, domains.split, config)
    if domains.coarser:
        parts["coarser"] = coarser_entries(domains.coarser, domains.split, config)
    return tuple(unit for part, chosen in parts.items() for unit in units(part, chosen, config.shards.samples)), notes


def _earlier(output: Path, wanted: str, overwrite: bool) -> Manifest | None:
    """The manifest of this very build where the folder holds it; None where it holds none, or one that may be replaced."""
    if not (output / MANIFEST).exists():
        return None
    try:
        manifest = read_manifest(output)
    except BadInput:
        if overwrite:
            return None
        raise
    if manifest.build_hash == wanted:
        return manifest
    if not overwrite:
        raise BadInput(
            output,
            expected="a new folder or a build of the same configuration and sources",
            found="a build of others",
            remedy="choose another folder, or replace it with --overwrite",
        )
    return None


def _claim(partial: Path, wanted: str, overwrite: bool) -> None:
    """Makes `.partial` ours: empty, or with the shards of an interrupted build of the same hash."""
    mark = partial / _PLAN
    if partial.exists():
        if not mark.exists() or mark.read_text() != wanted:
            if mark.exists() and not overwrite:
                raise BadInput(
                    partial.parent,
                    expected="an unfinished build of the same configuration and sources",
                    found="one of others",
                    remedy="choose another folder, or replace it with --overwrite",
                )
            shutil.rmtree(partial)
        else:
            for leftover in partial.glob("*.partial"):
                leftover.unlink(missing_ok=True)
    partial.mkdir(exist_ok=True)
    if not mark.exists():
        write_atomically(mark, wanted.encode())


def _publish(output: Path, partial: Path, manifest: Manifest) -> None:
    """Moves the shards into place and writes the manifest last; until then the folder holds the old build or none."""
    stale = set(output.glob("*.tfrecord"))
    (output / MANIFEST).unlink(missing_ok=True)
    for shard in manifest.shards:
        if (partial / shard.name).exists():
            os.replace(partial / shard.name, output / shard.name)
        stale.discard(output / shard.name)
    for path in stale:
        path.unlink()
    write_manifest(output, manifest)
    shutil.rmtree(partial)


def _check_space(output: Path, shape: SampleShape, missing: Sequence[Unit], config: Config) -> None:
    if config.shards.compression != "none":
        return
    needed = sum(len(u.entries) for u in missing) * (Codec(shape).sample_bytes + 16)
    free = shutil.disk_usage(output).free
    if needed > free:
        raise BadInput(
            output,
            expected=f"{needed / 1e9:.1f} GB of free space for the shards",
            found=f"{free / 1e9:.1f} GB",
            remedy="free some space, choose another folder, or build fewer patches",
        )


def _units(domain: Domain, shape: SampleShape, origin: Origin) -> dict[str, str]:
    of_fields = {f.name: f.unit for f in FEATURES if not f.unit.startswith("per ")}
    covariates = {c.name: unit_of(c, origin.static_units) for c in domain.fine_covariates}
    if domain.seasonal_detail:
        covariates[NAME] = "mm"
    return {**of_fields, **{name: CLIMATE_UNITS[name] for name in shape.climate}, **covariates}
