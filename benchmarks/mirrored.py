"""Training the paper's network on one device against two logical processors, the same 16 samples a step in all.

Two fresh processes with the same number of threads take turns, so that other work on the machine meets both.

python -m benchmarks.mirrored [--threads 2] [--rounds 9]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

BAR = 0.10
WAYS = {"one device": ("default", ""), "two logical processors": ("mirrored", "cpu:2")}


def steps_on_demand(strategy: str, devices: str, threads: int) -> None:
    """In a process of its own: one step for each line read, answered by its wall and processor seconds."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)  # two devices settle theirs when they are opened
    tf.config.threading.set_inter_op_parallelism_threads(threads)

    from pathlib import Path

    from benchmarks.train_step import BATCH, CLIMATE, FACTOR, MONTHS, SIDE, batch_of_noise
    from gwkeras.core.config.yaml_file import load_config, shipped_config
    from gwkeras.core.grid import Grid
    from gwkeras.core.schema import SampleShape
    from gwkeras.core.statistics import Statistics
    from gwkeras.data.pipeline import Share
    from gwkeras.training.fit import Samples, new_model
    from gwkeras.training.strategies.devices import open_devices
    from gwkeras.training.strategies.loop import compiled, distributed

    chosen = open_devices(strategy, devices)

    class Build:
        sample = SampleShape(MONTHS, SIDE, SIDE, FACTOR, CLIMATE)
        statistics = Statistics((0.0,) * 4, (1.0,) * 4)
        grids = {"train": (Grid(20.0, 70.0, 0.5, 0.5, SIDE, SIDE),)}

    model = new_model(Samples(Path(), Build(), load_config(shipped_config("paper"))), 0, chosen)  # type: ignore[arg-type]
    noise = batch_of_noise()

    def batches(share: Share) -> tf.data.Dataset:
        size = BATCH // share.of
        inputs = {name: values for name, values in noise.items() if name != "target"}
        pieces = tf.data.Dataset.from_tensor_slices((inputs, {"target": noise["target"]})).batch(size, drop_remainder=True)
        return pieces.skip(share.first).take(share.count).cache().repeat()

    with model.distribute_strategy.scope():
        model.optimizer.build(model.trainable_variables)
    step, source = compiled(model.distribute_strategy, model.train_step), iter(distributed(model.distribute_strategy, batches))
    for _ in range(3):
        float(step(source)["loss"])
    print("ready", flush=True)
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        loss = float(step(source)["loss"])
        print(time.perf_counter() - wall, time.process_time() - processor, loss, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        steps_on_demand(*WAYS[options.way], options.threads)
        return
    command = (sys.executable, "-m", "benchmarks.mirrored", "--threads", str(options.threads), "--way")
    # One after the other: neither starts while the other is measured.
    processes: dict[str, subprocess.Popen[str]] = {}
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    try:
        for way in WAYS:
            processes[way] = subprocess.Popen([*command, way], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            if _answer(processes[way]) != "ready":
                raise RuntimeError(f"{way}: the process ended before its first step")
        for _ in range(options.rounds):
            for way, process in processes.items():
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
                wall, processor, _ = map(float, _answer(process).split())
                times[way].append((wall, processor))
    finally:
        for process in processes.values():
            process.kill()
    print(f"{options.threads} threads in all, load {os.getloadavg()[0]:.1f}, {options.rounds} rounds; medians:")
    for way, found in times.items():
        wall, processor = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"  {way:23s} {16 / wall:5.1f} samples/s, {wall:.3f} s a step, {processor:.3f} s of processor time")
    one, two = times.values()
    lost, more = (1 - statistics.median(a[kind] / b[kind] for a, b in zip(one, two, strict=True)) for kind in (0, 1))
    print(f"  two logical processors lose {lost:.1%} of the speed (bar {BAR:.0%}), {more:.1%} by processor time")


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


if __name__ == "__main__":
    main()
