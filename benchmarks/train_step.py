"""One training step of the paper's network: ours, the same with stock ConvLSTM2D, and two hand-written ones in PyTorch.

Batch 16, 32 × 32, six months, four climate channels, float32; forward, whole loss (eqs 10–15), gradients, clipping to norm 1,
AdamW. All take turns in one process, so that other work on the machine meets each of them.

python -m benchmarks.train_step [--threads 2] [--rounds 7] [--ablations]
"""

from __future__ import annotations

import argparse
import os
import statistics as stats
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from gwkeras.core.process.memory import peak_of_this_process

BATCH, SIDE, MONTHS, FACTOR = 16, 32, 6, 4
CLIMATE = ("precipitation", "soil_moisture", "temperature", "surface_pressure")
GMAC_A_PATCH = 3.08  # forward, plain convolutions, none for the zero state; training costs three times that
TORCH_BAR, STOCK_BAR, MEMORY_BAR_GIB = 1.25, 1.5, 4.0


def batch_of_noise(seed: int = 0) -> dict[str, np.ndarray]:
    """A batch of all features by name, standard normal fields on all-land patches."""
    from gwkeras.core.schema import SampleShape, features

    sample, rng = SampleShape(MONTHS, SIDE, SIDE, FACTOR, CLIMATE), np.random.default_rng(seed)
    batch = {f.name: rng.normal(size=(BATCH, *f.shape(sample))).astype("float32") for f in features(sample)}
    for name in ("land", "land_fine", "has_previous", "infiltration_efficiency"):
        batch[name] = np.ones_like(batch[name])
    batch["latitude"] = np.broadcast_to(np.arange(SIDE, dtype="float32") * 0.5 + 20, (BATCH, SIDE)).copy()
    return batch


def paper_network(convlstm: str = "ours") -> Any:
    """The network of configs/paper.yaml; convlstm: "ours", "direct" (ours without Winograd's convolutions) or "stock"."""
    import keras

    from gwkeras.core.config.yaml_file import load_config, shipped_config
    from gwkeras.core.schema import SampleShape
    from gwkeras.core.statistics import Statistics
    from gwkeras.models import build, paper

    layer = {
        "ours": paper.ConvLSTM2D,
        "direct": lambda filters, **rest: ours(filters, algorithm="direct", **rest),
        "stock": lambda filters, **rest: keras.layers.ConvLSTM2D(filters, 3, padding="same", **rest),
    }[convlstm]
    ours, sample, inputs = paper.ConvLSTM2D, SampleShape(MONTHS, SIDE, SIDE, FACTOR, CLIMATE), paper.symbolic_inputs
    if convlstm == "stock":  # stock layers need to know height and width
        inputs = _inputs_of_fixed_size
    with mock.patch.object(paper, "ConvLSTM2D", layer), mock.patch.object(paper, "symbolic_inputs", inputs):
        return build.build_model(load_config(shipped_config("paper")).model, sample, Statistics((0.0,) * 4, (1.0,) * 4))


def _inputs_of_fixed_size(sample: Any, *names: str) -> dict[str, Any]:
    import keras

    shapes = {"climate": (MONTHS, SIDE, SIDE, len(CLIMATE)), "gwsa": (SIDE, SIDE, 1), "land": (SIDE, SIDE, 1)}
    return {name: keras.Input(shapes[name], name=name) for name in names}


def keras_step(convlstm: str = "ours", physics: bool = True) -> tuple[Callable[[], float], int]:
    """A function that trains once and returns the loss, and the number of trainable parameters."""
    import keras
    import tensorflow as tf

    from gwkeras.core.config.yaml_file import load_config, shipped_config
    from gwkeras.core.statistics import Statistics
    from gwkeras.losses.composite import data_term
    from gwkeras.training.downscaling_model import DownscalingModel
    from gwkeras.training.strategies.tensorflow_steps import SummedAdamW

    config, statistics = load_config(shipped_config("paper")), Statistics((0.0,) * 4, (1.0,) * 4)

    class Eq11Alone(DownscalingModel):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return keras.ops.mean(data_term(y, y_pred["mean"], y_pred["variance"], x["land_fine"] > 0, config.loss, 1.0))

    kind = DownscalingModel if physics else Eq11Alone
    model = kind(paper_network(convlstm), config.loss, statistics, FACTOR, 0.125)
    training = config.training
    optimizer = SummedAdamW(training.learning_rate, weight_decay=training.weight_decay, global_clipnorm=training.clip_norm)
    model.compile(optimizer=optimizer, jit_compile=False)
    batch = {name: tf.constant(value) for name, value in batch_of_noise().items()}
    target = {"target": batch.pop("target")}
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=False)
    def step() -> Any:
        return model.train_step((batch, target))["loss"]

    return lambda: float(step()), int(sum(np.prod(weight.shape) for weight in model.trainable_weights))


def torch_step(tuned: bool) -> tuple[Callable[[], float], int]:
    """The same for PyTorch, channels-last and eager."""
    import torch

    from benchmarks.paper_network_torch import PaperNetwork, loss

    model = PaperNetwork(tuned).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-5, fused=tuned or None)
    batch = {
        name: torch.from_numpy(value.transpose(0, 3, 1, 2).copy() if value.ndim == 4 else value)
        for name, value in batch_of_noise().items()
    }
    climate = batch.pop("climate").permute(0, 1, 4, 2, 3).contiguous()

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        total = loss(*model(climate, batch["gwsa"]), batch)
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return float(total.detach())

    return step, sum(p.numel() for p in model.parameters())


def timed(step: Callable[[], float]) -> tuple[float, float]:
    """Wall and processor seconds of one step; the second is the fairer of the two where the machine is shared."""
    wall, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - processor


def take_turns(steps: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """(wall, processor) seconds of each step in each round, after two steps to warm up."""
    for step in steps.values():
        step(), step()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(timed(step))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--ablations", action="store_true", help="also ours with plain convolutions, and with eq. 11 alone")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    built = {"gwkeras": keras_step()}
    for _ in range(3):
        built["gwkeras"][0]()
    peak_memory = peak_of_this_process() / 2**30  # before the others are there

    import torch

    from benchmarks.convolution_peak import tensorflow_peak

    torch.set_num_threads(options.threads)
    built |= {
        "PyTorch, usual ConvLSTM cell": torch_step(tuned=False),
        "PyTorch, tuned": torch_step(tuned=True),
        "stock keras ConvLSTM2D": keras_step("stock"),
    }
    if options.ablations:
        built |= {"gwkeras, plain convolutions": keras_step("direct"), "gwkeras, eq. 11 alone": keras_step(physics=False)}
    times = take_turns({name: step for name, (step, _) in built.items()}, options.rounds)
    peak = max(tensorflow_peak() for _ in range(3))
    print(f"threads {options.threads}, load {os.getloadavg()[0]:.1f}, {options.rounds} rounds; median seconds a step:")
    for name, (_, parameters) in built.items():
        wall, processor = (stats.median(values) for values in zip(*times[name], strict=True))
        shortest = min(wall for wall, _ in times[name])
        by_wall, by_processor = (
            stats.median(theirs[kind] / mine[kind] for theirs, mine in zip(times[name], times["gwkeras"], strict=True))
            for kind in (0, 1)
        )
        print(
            f"  {name:28s} wall {wall:6.3f} (shortest {shortest:.3f}), processor {processor:6.3f}; "
            f"{by_wall:.2f} × gwkeras' wall, {by_processor:.2f} × its processor time; {parameters:,} parameters"
        )
    rate = 3 * 2 * GMAC_A_PATCH * BATCH / min(wall for wall, _ in times["gwkeras"])
    print(
        f"  bars: PyTorch {TORCH_BAR} ×, stock {STOCK_BAR} ×; gwkeras at its shortest does the work of {rate:.0f} GFLOP/s of "
        f"plain convolutions, {rate / peak:.0%} of their measured peak, {peak:.0f} GFLOP/s; "
        f"process at most {peak_memory:.2f} GiB (bar {MEMORY_BAR_GIB:.0f})"
    )


if __name__ == "__main__":
    main()
