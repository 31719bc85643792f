"""The build on real files: GRACE and ERA5 over Vietnam, seen one scale coarser."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.config.tree import (
    Config,
    DataConfig,
    PatchConfig,
    RegionConfig,
    SampleConfig,
    SourceConfig,
    SplitConfig,
    TargetConfig,
)
from gwkeras.data.verification import intact_shards
from gwkeras.fields.record import read_fields
from tfrecords_build.build import build

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_vietnam_one_scale_coarser(real_data, tmp_path):
    tf = pytest.importorskip("tensorflow")
    from gwkeras.data.pipeline import dataset

    folder = real_data / "vietnam"
    config = Config(
        data=DataConfig(
            gwsa=SourceConfig(path=(str(folder / "grace_twsa_jpl_l2_0p5deg.nc"),)),
            climate=tuple(SourceConfig(path=(str(p),)) for p in sorted(folder.glob("data_stream*.nc"))),
            region=RegionConfig(8.0, 23.0, 102.0, 110.0),
        ),
        sample=SampleConfig(months=6, height=8, width=8, factor=2),
        target=TargetConfig("coarsen"),
        patches=PatchConfig(stride=4),
        split=SplitConfig(test_months=("2019-01:2021-12",)),
    )
    manifest = build(read_fields(config.data), config, tmp_path, workers=1)
    assert intact_shards(tmp_path, manifest) == manifest.shards
    assert set(manifest.sample.climate) >= {"precipitation", "temperature"}
    assert len(manifest.grids["train"]) == 4
    assert manifest.samples_of("coarser") > 0
    assert len(manifest.sources) == 3
    assert 20 < manifest.statistics.gwsa_std < 300  # mm; the region's storage swings by about ±200 mm a year
    # The target is the product itself: seen on the coarse grid, its block means are the input, up to the areas' weights.
    inputs, targets = next(dataset(tmp_path, "test", batch_size=64).as_numpy_iterator())
    target, land = targets["target"][..., 0], inputs["land_fine"][..., 0]
    blocks = np.where(np.isfinite(target), target, 0.0).reshape(len(target), 8, 2, 8, 2).sum((2, 4))
    count = np.isfinite(target).reshape(len(target), 8, 2, 8, 2).sum((2, 4))
    whole = (count == 4) & (land.reshape(len(land), 8, 2, 8, 2).min((2, 4)) == 1)
    assert whole.sum() > 100
    np.testing.assert_allclose((blocks / np.maximum(count, 1))[whole], inputs["gwsa"][..., 0][whole], atol=2.0)
    assert tf.data.experimental.cardinality(dataset(tmp_path, "train", batch_size=16)) > 0
