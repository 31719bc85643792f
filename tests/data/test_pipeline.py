"""The pipeline: every sample once, in an order that the seed decides; damage is named."""

from __future__ import annotations

import math

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from dataclasses import replace  # noqa: E402

from gwkeras.core.config.tree import ShardConfig  # noqa: E402
from gwkeras.core.errors import BadInput, CorruptShard  # noqa: E402
from gwkeras.data import pipeline  # noqa: E402
from gwkeras.data.codec import Codec  # noqa: E402
from gwkeras.data.manifest import read_manifest  # noqa: E402
from gwkeras.data.pipeline import Share, batch_origins, dataset, naming_shards  # noqa: E402
from gwkeras.data.verification import intact_shards  # noqa: E402
from tests.data.builds import CONFIG, flip_a_bit, key_of, small_build  # noqa: E402


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    small_build(folder)
    return folder


@pytest.fixture
def own_build(tmp_path):
    small_build(tmp_path)
    return tmp_path


def keys(batches) -> list[tuple[float, float, float]]:
    return [key_of(inputs, k) for inputs, _ in batches.as_numpy_iterator() for k in range(len(inputs["time"]))]


def test_an_epoch_holds_every_sample_once(build):
    manifest = read_manifest(build)
    for split in ("train", "validation", "test"):
        batches = dataset(build, split, batch_size=7, shuffle_buffer=20)
        found = keys(batches)
        assert len(found) == len(set(found)) == manifest.samples_of(split)
        assert int(batches.cardinality()) == -(-len(found) // 7)


def test_values_are_those_of_the_scale(build):
    from tests.tfrecords_build.fake_domain import FakeDomain

    inputs, targets = next(dataset(build, "test", batch_size=1).as_numpy_iterator())
    domain = FakeDomain()
    from gwkeras.core.months import from_month_number

    month = from_month_number(int(inputs["time"][0]))
    row = round((inputs["latitude"][0, 0] - 10.25) / 0.5)
    col = round((inputs["longitude"][0, 0] - 100.25) / 0.5)
    for name, value in domain.sample(month, row, col, 8, 8).items():
        np.testing.assert_array_equal(inputs[name][0], value)
    np.testing.assert_array_equal(targets["target"][0], domain.target(month, row, col, 8, 8))


def test_order_is_decided_by_seed_and_epoch(build):
    def order(**options):
        return keys(dataset(build, "train", batch_size=4, shuffle_buffer=16, **options))

    assert order(seed=1) == order(seed=1)
    assert order(seed=1) != order(seed=2)
    assert order(seed=1, first_epoch=1) != order(seed=1)
    assert sorted(order(seed=1, first_epoch=1)) == sorted(order(seed=2))


def test_months_that_are_left_out_are_not_drawn(build):
    """All samples but those of the span, in steps that end with them, each found again by its place."""
    everything = keys(dataset(build, "train", batch_size=4))
    times = sorted({time for time, *_ in everything})
    span = int(times[2]), int(times[4])
    expected = [key for key in everything if not span[0] <= key[0] <= span[1]]
    options = {"batch_size": 4, "shuffle_buffer": 16, "seed": 3, "without": span}
    batches = dataset(build, "train", **options)
    found = keys(batches)
    assert 0 < len(expected) < len(everything)
    assert sorted(found) == sorted(expected)
    steps = -(-len(expected) // 4)
    assert int(batches.cardinality()) == steps
    again = keys(dataset(build, "train", repeat=True, first_epoch=1, skip=1, **options).take(steps - 1))
    assert again == keys(dataset(build, "train", first_epoch=1, **options))[4:]
    places = {(o.shard, o.index) for p in range(steps) for o in batch_origins(build, "train", position=p, **options)}
    assert len(places) == len(expected)
    first = batch_origins(build, "train", position=0, **options)[0]
    records = tf.data.TFRecordDataset(str(build / first.shard)).skip(first.index)
    alone = Codec(read_manifest(build).sample).decode(next(iter(records.batch(1))))
    assert key_of(alone, 0) == found[0]


def test_a_resumed_run_sees_what_it_would_have_seen(build):
    steps = math.ceil(read_manifest(build).samples_of("train") / 4)
    options = {"batch_size": 4, "shuffle_buffer": 16, "seed": 3, "repeat": True}
    whole = keys(dataset(build, "train", **options).take(3 * steps))
    resumed = keys(dataset(build, "train", first_epoch=2, **options).take(steps))
    assert whole[-len(resumed) :] == resumed
    assert sorted(whole[: len(resumed)]) == sorted(resumed)
    assert int(dataset(build, "train", **options).cardinality()) == tf.data.INFINITE_CARDINALITY


def test_without_a_buffer_the_order_is_that_of_the_shards(build, monkeypatch):
    monkeypatch.setattr(pipeline, "SHARDS_AT_A_TIME", 1)
    first = keys(dataset(build, "train", batch_size=4))
    assert first == keys(dataset(build, "train", batch_size=16, seed=9, first_epoch=4))
    assert [k[0] for k in first] == sorted(k[0] for k in first)


def test_gzip_shards_are_read_as_they_are(tmp_path, build):
    small_build(tmp_path, replace(CONFIG, shards=ShardConfig(samples=25, compression="gzip")))
    assert keys(dataset(tmp_path, "train", batch_size=4)) == keys(dataset(build, "train", batch_size=4))
    assert sum(s.bytes for s in read_manifest(tmp_path).shards) < 0.9 * sum(s.bytes for s in read_manifest(build).shards)


def test_an_unknown_split_is_refused(build):
    with pytest.raises(BadInput, match="split 'coarser'"):
        dataset(build, "coarser", batch_size=4)


def test_a_truncated_shard_is_named_before_anything_is_read(own_build):
    path = own_build / "train-00001-of-00005.tfrecord"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CorruptShard, match=r"train-00001-of-00005\.tfrecord: expected \d+ bytes, found \d+ bytes"):
        dataset(own_build, "train", batch_size=4)


def test_a_missing_shard_is_named(own_build):
    (own_build / "train-00001-of-00005.tfrecord").unlink()
    with pytest.raises(CorruptShard, match=r"train-00001-of-00005\.tfrecord: .* no such file"):
        dataset(own_build, "train", batch_size=4)


@pytest.mark.parametrize("at", [3, 10, 5000, -1])
def test_a_flipped_bit_is_found_by_verification_and_named_by_reading(own_build, at):
    path = own_build / "train-00001-of-00005.tfrecord"
    flip_a_bit(path, at)
    manifest = read_manifest(own_build)
    assert {s.name for s in manifest.shards} - {s.name for s in intact_shards(own_build, manifest)} == {path.name}
    batches = dataset(own_build, "train", batch_size=4)
    with pytest.raises(CorruptShard, match=r"train-00001-of-00005\.tfrecord: expected \d+ readable samples"), naming_shards():
        list(batches)


def test_shards_as_built_pass(build):
    assert intact_shards(build, read_manifest(build)) == read_manifest(build).shards


def test_shares_of_all_processes_are_the_batches_of_one(build):
    options = {"batch_size": 7, "shuffle_buffer": 20, "seed": 3}
    whole = [[key_of(x, k) for k in range(len(x["time"]))] for x, _ in dataset(build, "train", **options).as_numpy_iterator()]
    pieces = [list(dataset(build, "train", **options, share=Share(2 * p, 2, 4)).as_numpy_iterator()) for p in range(2)]
    assert len(pieces[0]) == len(pieces[1]) == 2 * len(whole)
    for step, batch in enumerate(whole):
        found = [key_of(x, k) for p in pieces for x, _ in p[2 * step : 2 * step + 2] for k in range(len(x["time"]))]
        assert found == batch


def test_skipped_batches_are_those_seen_before(build):
    options = {"batch_size": 7, "shuffle_buffer": 20, "seed": 3, "first_epoch": 1}
    assert keys(dataset(build, "train", **options, skip=2)) == keys(dataset(build, "train", **options))[14:]


@pytest.mark.parametrize("at_a_time", [1, 2, 8])
def test_origins_name_the_samples_of_a_batch(build, at_a_time, monkeypatch):
    monkeypatch.setattr(pipeline, "SHARDS_AT_A_TIME", at_a_time)
    manifest = read_manifest(build)
    steps = math.ceil(manifest.samples_of("train") / 7)
    origins = batch_origins(build, "train", batch_size=7, seed=3, shuffle_buffer=20, position=steps + 2)
    seen = keys(dataset(build, "train", batch_size=7, shuffle_buffer=20, seed=3, first_epoch=1))[14:21]
    in_order = dict.fromkeys(s.name for s in manifest.shards_of("train"))
    for name in in_order:
        records = tf.data.TFRecordDataset(str(build / name))
        in_order[name] = list(records.as_numpy_iterator())
    from gwkeras.data.codec import Codec

    for origin, key in zip(origins, seen, strict=True):
        sample = Codec(manifest.sample).decode(tf.constant([in_order[origin.shard][origin.index]]))
        assert key_of({name: value.numpy() for name, value in sample.items()}, 0) == key
