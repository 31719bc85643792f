"""The floor under every training figure: float32 3 × 3 convolutions per second that this machine can do, forward and backward.

python -m benchmarks.convolution_peak [--threads 2]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

SHAPE = (16, 32, 32, 128, 256)  # batch, H, W, channels in and out: the recurrent convolution of the paper's network
MACS = SHAPE[0] * SHAPE[1] * SHAPE[2] * 9 * SHAPE[3] * SHAPE[4]


def seconds_of(run: Callable[[], object], repeats: int = 5) -> float:
    """Shortest of `repeats` times after one warm-up: the least disturbed by whatever else the machine does."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def tensorflow_peak() -> float:
    """GFLOP/s of forward and both backward convolutions on TensorFlow (threads as already set)."""
    import tensorflow as tf

    batch, height, width, channels, filters = SHAPE
    x = tf.random.normal((batch, height, width, channels))
    kernel = tf.random.normal((3, 3, channels, filters))
    grad = tf.random.normal((batch, height, width, filters))

    @tf.function
    def step():
        forward = tf.nn.conv2d(x, kernel, 1, "SAME")
        to_input = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=x.shape, filter=kernel, out_backprop=grad, strides=[1, 1, 1, 1], padding="SAME"
        )
        to_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=x, filter_sizes=kernel.shape, out_backprop=grad, strides=[1, 1, 1, 1], padding="SAME"
        )
        return tf.reduce_sum(forward[0, 0, 0]) + tf.reduce_sum(to_input[0, 0, 0]) + tf.reduce_sum(to_kernel[0, 0, 0])

    return 3 * 2 * MACS / seconds_of(lambda: step().numpy()) / 1e9


def torch_peak() -> float:
    """The same on PyTorch, channels-last."""
    import torch

    batch, height, width, channels, filters = SHAPE
    x = torch.randn(batch, channels, height, width).to(memory_format=torch.channels_last).requires_grad_()
    convolution = torch.nn.Conv2d(channels, filters, 3, padding=1, bias=False).to(memory_format=torch.channels_last)
    grad = torch.randn(batch, filters, height, width).to(memory_format=torch.channels_last)
    return 3 * 2 * MACS / seconds_of(lambda: convolution(x).backward(grad)) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf
    import torch

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    torch.set_num_threads(threads)
    rounds = [(tensorflow_peak(), torch_peak()) for _ in range(3)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"threads {threads}, load {os.getloadavg()[0]:.1f}: TensorFlow {ours:.0f} GFLOP/s, PyTorch {theirs:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
