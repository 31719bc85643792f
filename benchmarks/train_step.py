"""One training step of the paper's network: ours on TensorFlow against the same network hand-written in PyTorch.

Batch 16, 32 × 32, six months, four climate channels, float32; forward, loss, gradients, clipping to norm 1, AdamW. Ours carries
the whole composite loss, PyTorch eq. 11 alone. The two take turns in one process, so that other work on the machine meets both.

    python benchmarks/train_step.py [--threads 2] [--rounds 7] [--stock] [--without-physics]
"""

from __future__ import annotations

import argparse
import os
import statistics as stats
import time
from collections.abc import Callable

import numpy as np

BATCH, SIDE, MONTHS, FACTOR = 16, 32, 6, 4
CLIMATE = ("precipitation", "soil_moisture", "temperature", "surface_pressure")
GMAC_A_PATCH = 3.1  # forward; training costs three times that


def batch_of_noise(seed: int = 0) -> dict[str, np.ndarray]:
    """A batch of all features by name, standard normal fields on all-land patches."""
    from gwkeras.core.schema import SampleShape, features

    sample, rng = SampleShape(MONTHS, SIDE, SIDE, FACTOR, CLIMATE), np.random.default_rng(seed)
    batch = {f.name: rng.normal(size=(BATCH, *f.shape(sample))).astype("float32") for f in features(sample)}
    for name in ("land", "land_fine", "has_previous", "infiltration_efficiency"):
        batch[name] = np.ones_like(batch[name])
    batch["latitude"] = np.broadcast_to(np.arange(SIDE, dtype="float32") * 0.5 + 20, (BATCH, SIDE)).copy()
    return batch


def keras_step(stock: bool = False, physics: bool = True) -> tuple[Callable[[], float], int]:
    """A function that trains once and returns the loss, and the number of trainable parameters."""
    import keras
    import tensorflow as tf

    from gwkeras.core.config import LossConfig, ModelConfig
    from gwkeras.core.schema import SampleShape
    from gwkeras.core.statistics import Statistics
    from gwkeras.losses.composite import composite_loss, data_term
    from gwkeras.models import build, paper

    ours = paper.ConvLSTM2D
    if stock:
        paper.ConvLSTM2D = lambda filters, **kwargs: keras.layers.ConvLSTM2D(filters, 3, padding="same", **kwargs)
    sample, statistics, config = (
        SampleShape(MONTHS, SIDE, SIDE, FACTOR, CLIMATE),
        Statistics((0.0,) * 4, (1.0,) * 4),
        LossConfig(data="nll"),
    )
    if stock:  # stock layers need to know height and width
        free, paper.symbolic_inputs = (
            paper.symbolic_inputs,
            lambda sample, *names: {
                "climate": keras.Input((MONTHS, SIDE, SIDE, 4), name="climate"),
                "gwsa": keras.Input((SIDE, SIDE, 1), name="gwsa"),
                "land": keras.Input((SIDE, SIDE, 1), name="land"),
            },
        )
    model = build.build_model(ModelConfig("paper", (64, 64), (64, 128, 256, 512), dropout=0.0), sample, statistics)
    if stock:
        paper.ConvLSTM2D, paper.symbolic_inputs = ours, free
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=1e-5, global_clipnorm=1.0)
    optimizer.build(model.trainable_variables)
    batch = {name: tf.constant(value) for name, value in batch_of_noise().items()}

    @tf.function(jit_compile=False)
    def step(batch):
        with tf.GradientTape() as tape:
            outputs = model({tensor.name: batch[tensor.name] for tensor in model.inputs}, training=True)
            if physics:
                total, _ = composite_loss(
                    batch, batch, outputs, config=config, statistics=statistics, factor=FACTOR, fine_step_degrees=0.125
                )
            else:
                total = data_term(batch, outputs["mean"], outputs["variance"], batch["land_fine"] > 0, config, 1.0)
            loss = tf.reduce_mean(total)
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True))
        return loss

    return lambda: float(step(batch)), int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


def torch_step() -> tuple[Callable[[], float], int]:
    """The same for PyTorch, channels-last and eager."""
    import torch
    from paper_network_torch import PaperNetwork

    model = PaperNetwork().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-5)
    batch = batch_of_noise()
    climate = torch.from_numpy(batch["climate"].transpose(0, 1, 4, 2, 3).copy())
    gwsa, target = (torch.from_numpy(batch[name].transpose(0, 3, 1, 2).copy()) for name in ("gwsa", "target"))

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        mean, variance = model(climate, gwsa)
        loss = 0.5 * (torch.log(variance) + (mean - target) ** 2 / variance).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return float(loss.detach())

    return step, sum(p.numel() for p in model.parameters())


def timed(step: Callable[[], float]) -> tuple[float, float]:
    """Wall and processor seconds of one step; the second is the fairer of the two where the machine is shared."""
    wall, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--stock", action="store_true", help="also the same model with keras.layers.ConvLSTM2D")
    parser.add_argument(
        "--without-physics", action="store_true", help="also ours with eq. 11 alone, for the price of the other terms"
    )
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    import torch

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    torch.set_num_threads(options.threads)
    from convolution_peak import tensorflow_peak

    steps = {"gwkeras": keras_step(), "pytorch": torch_step()}
    if options.stock:
        steps["stock ConvLSTM2D"] = keras_step(stock=True)
    if options.without_physics:
        steps["gwkeras, eq. 11 alone"] = keras_step(physics=False)
    for step, _ in steps.values():
        step(), step()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, (step, _) in steps.items():
            times[name].append(timed(step))
    peak = max(tensorflow_peak() for _ in range(3))
    print(
        f"threads {options.threads}, load {os.getloadavg()[0]:.1f}, {options.rounds} rounds; median seconds a step:"
    )
    for name, (_, parameters) in steps.items():
        wall, processor = (stats.median(values) for values in zip(*times[name], strict=True))
        shortest = min(wall for wall, _ in times[name])
        by_wall, by_processor = (
            stats.median(theirs[kind] / mine[kind] for theirs, mine in zip(times[name], times["gwkeras"], strict=True))
            for kind in (0, 1)
        )
        print(
            f"  {name:24s} wall {wall:6.3f} (shortest {shortest:.3f}), processor {processor:6.3f}; of gwkeras' time "
            f"{by_wall:.2f} × wall, {by_processor:.2f} × processor; {parameters:,} parameters"
        )
    rate = 3 * 2 * GMAC_A_PATCH * BATCH / min(wall for wall, _ in times["gwkeras"])
    print(
        f"  gwkeras at its shortest reaches {rate:.0f} GFLOP/s, {rate / peak:.0%} of the convolution peak, {peak:.0f} GFLOP/s"
    )


if __name__ == "__main__":
    main()
