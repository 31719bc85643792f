"""Writing one shard: the unit of work, in any process, with the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import google_crc32c
import numpy as np

from gwkeras.core.files.whole_file import replacing, write_atomically
from gwkeras.core.months import from_month_number
from gwkeras.core.schema import SampleShape
from gwkeras.data.codec import Codec
from gwkeras.data.manifest import Shard
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import Domains
from tfrecords_build.statistics import Running, Sums, measure, merge


@dataclass(frozen=True)
class Unit:
    """One shard to write: its name, its split, and its samples (n,) of `patches.ENTRY`."""

    name: str
    split: str
    entries: np.ndarray


@dataclass(frozen=True)
class Written:
    """A shard on disk, and the sums of its samples where it is one to train on."""

    shard: Shard
    sums: Sums = field(default_factory=dict)


def units(split: str, entries: np.ndarray, samples: int) -> tuple[Unit, ...]:
    """Divides sorted entries into shards of about `samples`."""
    count = max(1, round(len(entries) / samples)) if len(entries) else 0
    return tuple(
        Unit(f"{split}-{k:05d}-of-{count:05d}.tfrecord", split, part)
        for k, part in enumerate(np.array_split(entries, count) if count else ())
    )


@dataclass(frozen=True)
class ShardWriter:
    """What all units of a build have in common; is sent to other processes.

    Args:
        domains: what the entries index; their split decides which target cells are blanked.
        shape: of a sample.
        folder: where shards are written, each with a record of itself beside it.
        compression: "none" or "gzip".
    """

    domains: Domains
    shape: SampleShape
    folder: Path
    compression: str

    def write(self, unit: Unit) -> Written:
        """Writes a shard under a temporary name, and renames it once it is on disk."""
        path = self.folder / unit.name
        codec, sums = Codec(self.shape), []
        with replacing(path) as file:
            hashed = _Hashed(file)
            with self._stream(hashed) as stream:
                for sample in self.samples(unit):
                    if unit.split == "train":
                        sums.append(measure(sample, self.shape, self._trained_months))
                    stream.write(frame(codec.encode(sample)))
        written = Written(Shard(unit.name, unit.split, len(unit.entries), hashed.size, hashed.sha256.hexdigest()), merge(sums))
        write_atomically(_record_path(path), json.dumps(asdict(written)).encode())
        return written

    def samples(self, unit: Unit) -> Iterator[dict[str, np.ndarray]]:
        """The unit's samples in order; outside the test part, target cells in held-out blocks are NaN."""
        height, width = self.shape.height, self.shape.width
        for entry in unit.entries:
            domain = self.domains.of(unit.split)[entry["domain"]]
            place = (from_month_number(entry["month"])[()], int(entry["row"]), int(entry["col"]), height, width)
            sample = dict(domain.sample(*place))
            target = domain.target(*place)
            if unit.split != "test":
                target = np.where(self._blanked(domain, entry), np.nan, target[..., 0])[..., None]
            sample["target"] = target
            if self.shape.target_sigma:
                sample["target_sigma"] = domain.target_sigma(*place)
            yield sample

    def _blanked(self, domain: Domain, entry: np.void) -> np.ndarray:
        """(sH, sW) bool: fine cells of the patch that training must not see as a target."""
        patch = domain.coarse.window(int(entry["row"]), int(entry["col"]), self.shape.height, self.shape.width)
        return self.domains.split.untrained(patch.refine(domain.factor))

    @cached_property
    def _trained_months(self) -> frozenset[int]:
        return frozenset(self.domains.split.months_of("train"))

    @contextmanager
    def _stream(self, file: _Hashed) -> Iterator[Any]:
        if self.compression == "none":
            yield file
            return
        # No name and no time in the header: the same samples give the same bytes.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=file, mtime=0) as stream:  # type: ignore[call-overload]
            yield stream


def read_record(folder: Path, unit: Unit) -> Written | None:
    """What a finished shard says of itself; None where there is none, or where the file no longer matches it."""
    path = folder / unit.name
    try:
        data = json.loads(_record_path(path).read_bytes())
        written = Written(Shard(**data["shard"]), {name: Running(**sums) for name, sums in data["sums"].items()})
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == written.shard.sha256
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return written if same and written.shard.samples == len(unit.entries) else None


def frame(payload: bytes) -> bytes:
    """A TFRecord: length, its masked CRC-32C, the payload, its masked CRC-32C."""
    length = struct.pack("<Q", len(payload))
    return b"".join((length, _masked_crc(length), payload, _masked_crc(payload)))


def _masked_crc(content: bytes) -> bytes:
    crc = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _record_path(shard: Path) -> Path:
    return shard.with_name(f"{shard.name}.json")


class _Hashed:
    """A file that sums up what goes into it, so that no shard is read again for its checksum."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, content: bytes) -> int:
        self.sha256.update(content)
        self.size += len(content)
        return self.file.write(content)

    def flush(self) -> None:
        self.file.flush()
