"""How long training waits for its batches: the paper's network on shards of random numbers, read, shuffled and decoded meanwhile.

python -m benchmarks.training_feed [--steps 12]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

BAR = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    steps = parser.parse_args().steps
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    from benchmarks.input_pipeline import write_shards
    from benchmarks.train_step import FACTOR, paper_network
    from gwkeras.core.config.yaml_file import load_config, shipped_config
    from gwkeras.core.statistics import Statistics
    from gwkeras.data.pipeline import dataset
    from gwkeras.training.downscaling_model import DownscalingModel

    config = load_config(shipped_config("paper"))
    model = DownscalingModel(paper_network(), config.loss, Statistics((0.0,) * 4, (1.0,) * 4), FACTOR, 0.125)
    model.compile(optimizer=keras.optimizers.AdamW(1e-5, global_clipnorm=1.0), jit_compile=False)
    step = tf.function(model.train_step, jit_compile=False)
    with tempfile.TemporaryDirectory() as folder:
        write_shards(Path(folder), 1024)
        batches = iter(dataset(Path(folder), "train", batch_size=16, shuffle_buffer=512, repeat=True))
        for _ in range(3):
            step(next(batches))["loss"].numpy()
        waited, start = 0.0, time.perf_counter()
        for _ in range(steps):
            asked = time.perf_counter()
            batch = next(batches)
            waited += time.perf_counter() - asked
            step(batch)["loss"].numpy()
        spent = time.perf_counter() - start
    print(f"training waits for batches {waited / spent:.2%} of its time (bar {BAR:.0%}); {16 * steps / spent:.1f} samples/s")


if __name__ == "__main__":
    main()
