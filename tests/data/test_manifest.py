"""manifest.json there and back, and what reading refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gwkeras.core.errors import BadInput, CorruptShard
from gwkeras.core.grid import Grid
from gwkeras.core.schema import SampleShape
from gwkeras.core.statistics import Statistics
from gwkeras.data.manifest import MANIFEST, Manifest, Shard, Source, digest, read_manifest, write_manifest
from gwkeras.domain.split import Box, Split

FULL = Manifest(
    config={"name": "x", "split": {"test_months": ["2010-01"]}},
    config_hash="c",
    build_hash="b",
    sample=SampleShape(6, 32, 24, 4, ("precipitation", "temperature"), ("elevation",), True),
    units={"precipitation": "mm month-1"},
    compression="gzip",
    grids={"train": (Grid(8.0, 102.0, 0.5, 0.5, 31, 17),), "coarser": ()},
    statistics=Statistics((1 / 3, 2.0), (0.1, 5.0), -1.5, 66.7, 40.0, 20.0, (100.0,), (50.0,), (7.0,), 3.0),
    shards=(
        Shard("train-00000-of-00001.tfrecord", "train", 3, 99, "ab"),
        Shard("test-00000-of-00001.tfrecord", "test", 2, 66, "cd"),
    ),
    sources=(Source("gwsa.nc", 10, "ef"),),
    split=Split("blocked", "two parts", ("2002-04",), (), ("2010-01",), (Box(8.0, 12.0, 102.0, 106.0),), (0.5, 0.25)),
    notes=("a note",),
)


def test_what_is_written_is_read(tmp_path):
    write_manifest(tmp_path, FULL)
    assert read_manifest(tmp_path) == FULL
    assert [p.name for p in tmp_path.iterdir()] == [MANIFEST]
    assert FULL.samples_of("train") == 3
    assert FULL.samples_of("validation") == 0
    assert FULL.test_months == ("2010-01",)


def test_a_split_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"split 'validation': expected one of train, test"):
        FULL.shards_of("validation")


def test_another_schema_version_is_refused(tmp_path):
    write_manifest(tmp_path, replace(FULL, schema_version=99))
    with pytest.raises(CorruptShard, match=r"manifest.json: expected samples of schema version 1, found version 99; build"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 1, "sample": 3, "split": 4}']
)
def test_a_damaged_manifest_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(CorruptShard, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_no_build(tmp_path):
    with pytest.raises(BadInput, match="finished build"):
        read_manifest(tmp_path)


def test_a_failed_write_leaves_the_old_manifest(tmp_path, monkeypatch):
    write_manifest(tmp_path, FULL)

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_manifest(tmp_path, replace(FULL, config_hash="new"))
    assert json.loads((tmp_path / MANIFEST).read_text())["config_hash"] == "c"
    assert [p.name for p in tmp_path.iterdir()] == [MANIFEST]


def test_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
