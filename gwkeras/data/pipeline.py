"""Shards -> batches: the tf.data pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np
import tensorflow as tf

from gwkeras.core.errors import CorruptShard
from gwkeras.data.codec import Codec
from gwkeras.data.manifest import Manifest, Shard, read_manifest
from gwkeras.data.verification import REMEDY, check_sizes

SHARDS_AT_A_TIME = 8
"""Shards that are read in turns, a sample from each: part of the order of the samples."""

_DAMAGED = re.compile(r"damaged shard <(?P<path>[^>]*)> expected <(?P<expected>\d+)>")


@dataclass(frozen=True)
class Share:
    """Which pieces of every batch one process gets: `count` of `of` in a row, starting at `first`.

    All processes draw the same batches, so that any number of them sees what one would see, and no sample twice.
    """

    first: int = 0
    count: int = 1
    of: int = 1


MonthsLeftOut = tuple[int, int] | None
"""Numbers of the first and the last month of a span whose samples are not drawn; None: all samples are."""


@dataclass(frozen=True)
class Origin:
    """Where a sample lies: its shard and its place in it, from 0."""

    shard: str
    index: int


def dataset(
    folder: Path,
    split: str,
    *,
    batch_size: int,
    seed: int = 0,
    shuffle_buffer: int = 0,
    repeat: bool = False,
    first_epoch: int = 0,
    skip: int = 0,
    share: Share = Share(),
    without: MonthsLeftOut = None,
) -> tf.data.Dataset:
    """Batches of (inputs, targets), dicts of float32 tensors named and shaped as in core/schema.py.

    The order is a function of `seed` and the number of the epoch alone, so a run that resumes at epoch n with
    `repeat=True, first_epoch=n` sees what it would have seen.

    Args:
        folder: a finished build.
        split: "train", "validation", "test" or "coarser".
        shuffle_buffer: samples; 0 keeps the order of the shards. Shards are then drawn in a new order each epoch too.
        repeat: go on for ever; otherwise one epoch, `first_epoch`, in the same order at each iteration.
        skip: batches of the first epoch that are left out, such as those seen before a run was resumed.
        share: pieces of each batch to give, one after the other; by default the whole batch. The pieces of an incomplete last
            batch are smaller, and may be empty.
        without: months whose samples are left out.
    Raises:
        BadInput: where the folder has no such split. CorruptShard: where a shard's size is not the manifest's.
        While reading, a damaged record raises tf.errors.InvalidArgumentError with the shard's path: see `naming_shards`.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    shards = manifest.shards_of(split)
    check_sizes(folder, shards)
    samples = samples_drawn(folder, manifest, split, without)
    codec = Codec(manifest.sample)
    shuffled = shuffle_buffer > 0

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        epoch_seed = tf.constant(seed * 1_000_003 + 1, tf.int64) + number
        records = _records(folder, shards, manifest, epoch_seed if shuffled else None, without)
        if shuffled:
            records = records.shuffle(min(shuffle_buffer, samples), seed=epoch_seed, reshuffle_each_iteration=False)
        whole = records.batch(batch_size)
        return whole if share.of == 1 else whole.flat_map(lambda batch: _pieces(batch, share))

    last = tf.int64.max if repeat else first_epoch + 1
    batches = tf.data.Dataset.range(first_epoch, last).flat_map(epoch)
    left = (ceil(samples / batch_size) - skip) * share.count
    batches = batches.skip(skip * share.count)
    batches = batches.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY if repeat else left))
    decoded = batches.map(
        lambda b: codec.inputs_and_targets(codec.decode(b)), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    return decoded.prefetch(2)


def batch_origins(
    folder: Path,
    split: str,
    *,
    batch_size: int,
    seed: int,
    shuffle_buffer: int,
    position: int,
    without: MonthsLeftOut = None,
) -> tuple[Origin, ...]:
    """The samples of one batch of `dataset` with the same arguments: `position` counts batches from the first epoch's first."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    shards = manifest.shards_of(split)
    samples = samples_drawn(folder, manifest, split, without)
    number, batch = divmod(position, ceil(samples / batch_size))
    epoch_seed = tf.constant(seed * 1_000_003 + 1 + number, tf.int64)
    order = epoch_seed if shuffle_buffer else None
    if without is None:
        records = _records(folder, shards, manifest, order, contents=False)
    else:  # only what is in a sample says of which month it is
        both = (_records(folder, shards, manifest, order, contents=contents) for contents in (False, True))
        outside = tf.data.Dataset.zip(tuple(both)).filter(lambda place, record: _outside(record, without))
        records = outside.map(lambda place, record: place)
    if shuffle_buffer:
        records = records.shuffle(min(shuffle_buffer, samples), seed=epoch_seed, reshuffle_each_iteration=False)
    names = next(iter(records.batch(batch_size).skip(batch))).numpy()
    found = (name.decode().rsplit("\t", 1) for name in names)
    return tuple(Origin(Path(path).name, int(index)) for path, index in found)


def samples_drawn(folder: Path, manifest: Manifest, split: str, without: MonthsLeftOut = None) -> int:
    """Number of samples that `dataset` draws of a split; where months are left out, all shards are read once for it.

    Args:
        folder: a finished build.
        manifest: of it.
        split: as for `dataset`.
        without: months whose samples are left out.
    """
    if without is None:
        return manifest.samples_of(split)
    return _counted(Path(folder), manifest.build_hash, split, without)


@lru_cache(maxsize=64)
def _counted(folder: Path, build_hash: str, split: str, without: tuple[int, int]) -> int:
    manifest = read_manifest(folder)
    records = _records(folder, manifest.shards_of(split), manifest, None, without)
    return int(records.reduce(np.int64(0), lambda count, _: count + 1))


@contextmanager
def naming_shards() -> Iterator[None]:
    """Turns TensorFlow's error about a damaged record, met while iterating, into `CorruptShard` with the shard's name."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        match = _DAMAGED.search(error.message)
        if match is None:
            raise
        raise CorruptShard(
            match["path"], expected=f"{match['expected']} readable samples", found="a damaged one", remedy=REMEDY
        ) from error


def _records(
    folder: Path,
    shards: tuple[Shard, ...],
    manifest: Manifest,
    order: tf.Tensor | None,
    without: MonthsLeftOut = None,
    contents: bool = True,
) -> tf.data.Dataset:
    """Encoded samples of the shards, `SHARDS_AT_A_TIME`; in another order of the shards where a seed is given.

    Without `contents`, the samples' places in the same order: "path, tab, index".
    """
    files = tf.data.Dataset.from_tensor_slices(([str(folder / s.name) for s in shards], [s.samples for s in shards]))
    if order is not None:
        files = files.shuffle(len(shards), seed=order, reshuffle_each_iteration=False)
    compression = "GZIP" if manifest.compression == "gzip" else ""
    records = files.interleave(
        lambda path, samples: _shard(path, samples, compression) if contents else _places(path, samples),
        cycle_length=min(SHARDS_AT_A_TIME, len(shards)),
        block_length=1,
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    return records if without is None else records.filter(lambda record: _outside(record, without))


def _outside(record: tf.Tensor, span: tuple[int, int]) -> tf.Tensor:
    """Whether an encoded sample's month lies outside of a span."""
    encoded = tf.io.parse_single_example(record, {"time": tf.io.FixedLenFeature([], tf.string)})["time"]
    month = tf.io.decode_raw(encoded, tf.float32, little_endian=True)[0]
    return tf.logical_or(month < span[0], month > span[1])


def _pieces(batch: tf.Tensor, share: Share) -> tf.data.Dataset:
    size = tf.shape(batch, tf.int64)[0]
    return tf.data.Dataset.range(share.first, share.first + share.count).map(
        lambda i: batch[size * i // share.of : size * (i + 1) // share.of]
    )


def _places(path: tf.Tensor, samples: tf.Tensor) -> tf.data.Dataset:
    return tf.data.Dataset.range(tf.cast(samples, tf.int64)).map(lambda i: tf.strings.join([path, tf.strings.as_string(i)], "\t"))


def _shard(path: tf.Tensor, samples: tf.Tensor, compression: str) -> tf.data.Dataset:
    """The records of one shard, counted: TensorFlow's own error for a bad record does not say in which file it is."""
    end = tf.data.Dataset.from_tensors("")
    records = tf.data.TFRecordDataset(path, compression_type=compression, buffer_size=2**20).ignore_errors().concatenate(end)

    def check(count: tf.Tensor, record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        at_end = tf.equal(tf.strings.length(record), 0)
        message = tf.strings.join(["damaged shard <", path, "> expected <", tf.strings.as_string(samples), ">"])
        whole = tf.logical_or(tf.logical_not(at_end), tf.equal(count, samples))
        with tf.control_dependencies([tf.Assert(whole, [message])]):
            return count + 1, tf.identity(record)

    return records.scan(tf.constant(0, samples.dtype), check).filter(lambda record: tf.strings.length(record) > 0)
