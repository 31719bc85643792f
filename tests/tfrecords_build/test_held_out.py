"""What a build holds out is known without its shards, and is what its shards hold."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.config.yaml_file import load_config, with_values
from gwkeras.data.manifest import read_manifest
from gwkeras.data.pipeline import dataset
from gwkeras.domain.opening import divide_record
from gwkeras.fields.record import read_fields
from tests.tiny import settings
from tfrecords_build.build import build
from tfrecords_build.held_out import held_out_by, held_out_in

RANDOM = {
    "split.kind": "random",
    "sample": {"height": 4, "width": 4},
    "patches": {"layout": "random", "train": 30, "validation": 6, "test": 10},
}


@pytest.fixture(scope="module")
def opened(tiny_world):
    options = settings(tiny_world, "gwsa", "climate", "truth")
    config = load_config(options[1], options[3::2])
    return read_fields(config.data), config


@pytest.mark.parametrize("target", ["bicubic", "coarsen"])
def test_test_patches_are_the_samples_of_the_test_shards(opened, tmp_path, target):
    fields, config = opened
    config = with_values(config, {**RANDOM, "target.kind": target}, "test")
    manifest = build(fields, config, tmp_path / "shards")
    found = []
    for inputs, _ in dataset(tmp_path / "shards", "test", batch_size=1, seed=0, repeat=False):
        lat, lon = inputs["latitude"].numpy()[0], inputs["longitude"].numpy()[0]
        step = float(lat[1] - lat[0])
        edges = lat[0] - step / 2, lat[-1] + step / 2, lon[0] - step / 2, lon[-1] + step / 2
        found.append((int(inputs["time"].numpy()[0]), *np.round(edges, 4).tolist()))
    split = held_out_in(read_manifest(tmp_path / "shards"), fields, tmp_path / "cache")
    boxes = [(p.month, *(round(e, 4) for e in (p.box.south, p.box.north, p.box.west, p.box.east))) for p in split.test_patches]
    assert len(boxes) == 10
    assert sorted(boxes) == sorted(found)
    assert split == held_out_by(fields, config, tmp_path / "cache")
    assert manifest == read_manifest(tmp_path / "shards")  # which keeps no patches


def test_a_blocked_build_is_taken_at_its_word(opened, tmp_path):
    fields, config = opened
    manifest = build(fields, config, tmp_path / "shards")
    split = held_out_in(manifest, fields, tmp_path / "cache")
    assert split == manifest.split == held_out_by(fields, config, tmp_path / "cache") == divide_record(fields, config, tmp_path)
    assert split.test_patches == ()
