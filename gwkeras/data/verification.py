"""Whether the shards of a build are those that its manifest lists. Without TensorFlow, so that builders can ask too."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gwkeras.core.errors import CorruptShard
from gwkeras.data.manifest import Manifest, Shard

REMEDY = "run gwkeras build-tfrecords again with the same configuration, which writes the damaged shards anew"


def intact_shards(folder: Path, manifest: Manifest) -> tuple[Shard, ...]:
    """Those shards whose size and SHA-256 are the manifest's."""
    return tuple(s for s in manifest.shards if _size(folder / s.name) == s.bytes and _sha256(folder / s.name) == s.sha256)


def check_sizes(folder: Path, shards: tuple[Shard, ...]) -> None:
    """Whether the shards are there and as long as they should be.

    Raises: CorruptShard: names the first that is missing or of another size.
    """
    for shard in shards:
        if (size := _size(folder / shard.name)) != shard.bytes:
            raise CorruptShard(
                folder / shard.name,
                expected=f"{shard.bytes} bytes",
                found="no such file" if size is None else f"{size} bytes",
                remedy=REMEDY,
            )


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
