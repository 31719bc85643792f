"""tf.data alone: samples a second of the paper's size (T = 6, 32 × 32, D = 4, s = 4), read, shuffled, decoded and batched.

python -m benchmarks.input_pipeline [--samples 2048] [--seconds 10]
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import numpy as np

from gwkeras.core.schema import SampleShape, features
from gwkeras.core.statistics import Statistics
from gwkeras.data.codec import Codec
from gwkeras.data.manifest import Manifest, Shard, write_manifest
from gwkeras.data.pipeline import dataset
from gwkeras.domain.split import Split
from tfrecords_build.shards import frame

BAR = 1500.0
PAPER = SampleShape(6, 32, 32, 4, ("precipitation", "evapotranspiration", "soil_moisture", "temperature"))


def write_shards(folder: Path, samples: int, per_shard: int = 256) -> None:
    """A build of random numbers."""
    rng, codec, shards = np.random.default_rng(0), Codec(PAPER), []
    for k in range(samples // per_shard):
        content = b"".join(
            frame(codec.encode({f.name: rng.normal(size=f.shape(PAPER)) for f in features(PAPER)})) for _ in range(per_shard)
        )
        name = f"train-{k:05d}-of-{samples // per_shard:05d}.tfrecord"
        (folder / name).write_bytes(content)
        shards.append(Shard(name, "train", per_shard, len(content), hashlib.sha256(content).hexdigest()))
    write_manifest(
        folder,
        Manifest({}, "", "", PAPER, {}, "none", {}, Statistics(), tuple(shards), (), Split("random", "", (), (), ())),
    )


def rate(folder: Path, seconds: float, batch: int = 16) -> float:
    """Samples a second, once the shuffle buffer is full."""
    batches = iter(dataset(folder, "train", batch_size=batch, shuffle_buffer=512, repeat=True))
    for _ in range(40):
        next(batches)
    start, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < seconds:
        next(batches)
        count += batch
    return count / spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2048)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_shards(Path(folder), options.samples)
        found = rate(Path(folder), options.seconds)
    print(f"tf.data alone: {found:.0f} samples/s of {Codec(PAPER).sample_bytes / 1024:.0f} KiB (bar {BAR:.0f})")


if __name__ == "__main__":
    main()
