"""Small builds with known numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gwkeras.core.config.tree import Config, PatchConfig, SampleConfig, ShardConfig, SplitConfig, TargetConfig
from gwkeras.data.manifest import Manifest
from tests.tfrecords_build.fake_domain import FakeDomain, domains_of
from tfrecords_build.build import build_domains

CONFIG = Config(
    sample=SampleConfig(months=3, height=8, width=8, factor=2),
    target=TargetConfig("bicubic"),
    split=SplitConfig(test_months=("2002-07:2003-01",), validation_months=("2003-02:2003-04",)),
    patches=PatchConfig(),
    shards=ShardConfig(samples=25),
)


def small_build(folder: Path, config: Config = CONFIG, **options: object) -> Manifest:
    return build_domains(lambda cache: domains_of(config, FakeDomain()), config, folder, **options)  # type: ignore[arg-type]


def flip_a_bit(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0b100
    path.write_bytes(content)


def key_of(inputs: dict, k: int) -> tuple[float, float, float]:
    """What tells the sample apart: month and place."""
    return tuple(float(np.asarray(inputs[name][k]).ravel()[0]) for name in ("time", "latitude", "longitude"))  # type: ignore[return-value]
