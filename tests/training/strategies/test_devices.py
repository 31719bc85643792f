"""What does not exist, or does not divide, is refused in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gwkeras.core.errors import BadInput
from gwkeras.training.strategies.devices import Devices, check_batch, open_devices


@pytest.mark.parametrize(
    ("strategy", "devices", "said"),
    [
        ("mirored", "", "default, mirrored, multi-worker"),
        ("mirrored", "gpu", "gpu:0,gpu:1"),
        ("mirrored", "gpu:97", "gpu:97"),
        ("mirrored", "cpu:0", "1 to 64"),
        ("mirrored", "gpu:0,gpu:0", "once"),
        ("mirrored", "cpu:1,gpu:0", "devices of this machine"),
        ("multi-worker", "gpu:0", "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_devices_that_do_not_exist(strategy, devices, said):
    with pytest.raises(BadInput, match=said):
        open_devices(strategy, devices)


@pytest.mark.parametrize("text", ["", "{", "{}", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}'])
def test_a_cluster_that_is_none(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(BadInput, match="TF_CONFIG"):
        open_devices("multi-worker")


def test_a_batch_that_does_not_divide():
    class Three:
        num_replicas_in_sync = 3

    check_batch(24, 4, Devices(Three()))
    with pytest.raises(BadInput, match="multiple of 12"):
        check_batch(32, 4, Devices(Three()))


@pytest.mark.slow
def test_logical_processors_on_a_core_each_work_on_one_thread_each(project_root):
    program = (
        "import os; os.cpu_count = lambda: {cores}\n"
        "from gwkeras.training.strategies.devices import open_devices\n"
        "import tensorflow as tf\n"
        "found = open_devices('mirrored', 'cpu:2')\n"
        "print(found.replicas, tf.config.threading.get_intra_op_parallelism_threads())"
    )
    for cores, threads in ((2, 1), (8, 0)):  # 0: as TensorFlow chooses
        done = subprocess.run(
            [sys.executable, "-c", program.format(cores=cores)],
            cwd=project_root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout.split() == ["2", str(threads)], done.stderr[-2000:]
