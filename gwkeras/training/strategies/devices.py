"""What a training runs on: one device, several of this machine, or several machines."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from gwkeras.core.errors import BadInput

STRATEGIES = ("default", "mirrored", "multi-worker")


@dataclass(frozen=True)
class Devices:
    """Where the steps of a training run.

    Args:
        strategy: of tf.distribute; None on other backends.
        is_chief: whether this process writes into the run folder.
        workers: processes that train together.
    """

    strategy: Any = None
    is_chief: bool = True
    workers: int = 1

    @property
    def replicas(self) -> int:
        return self.strategy.num_replicas_in_sync if self.strategy else 1

    @property
    def is_cluster(self) -> bool:
        return self.workers > 1

    def scope(self) -> Any:
        """The context in which models and optimisers are made."""
        from contextlib import nullcontext

        return self.strategy.scope() if self.strategy else nullcontext()


def open_devices(strategy: str = "default", devices: str = "", waiting: Callable[[], None] = lambda: None) -> Devices:
    """The devices that a command line names. Must come before the first tensor is made.

    Args:
        strategy: one of `STRATEGIES`; multi-worker reads the environment's TF_CONFIG.
        devices: such as "gpu:0,gpu:1"; "cpu:2" divides the processor into two logical devices; "": all GPUs, or the processor.
        waiting: called before the other workers of a cluster are waited for.
    Raises: BadInput: where a strategy or device does not exist.
    """
    if strategy not in STRATEGIES:
        raise BadInput(
            "--strategy", expected="one of " + ", ".join(STRATEGIES), found=f"'{strategy}'", remedy="choose one of them"
        )
    if keras.backend.backend() != "tensorflow":
        if strategy != "default" or devices:
            raise BadInput(
                "--strategy",
                expected="Keras on TensorFlow, for several devices",
                found=f"Keras on {keras.backend.backend()}",
                remedy="set KERAS_BACKEND=tensorflow",
            )
        return Devices()
    import tensorflow as tf

    if strategy == "multi-worker":
        return _multi_worker(tf, devices, waiting)
    names = _device_names(tf, devices)
    if strategy == "mirrored":
        return Devices(tf.distribute.MirroredStrategy(names or None))
    if len(names) > 1:
        raise BadInput(
            "--devices", expected="one device with --strategy default", found=devices, remedy="give --strategy mirrored"
        )
    return Devices(tf.distribute.OneDeviceStrategy(names[0]) if names else tf.distribute.get_strategy())


def check_batch(batch_size: int, accumulate: int, devices: Devices) -> None:
    """Raises: BadInput: where a batch does not divide by the devices and the pieces that each of them works in, or cannot."""
    if accumulate > 1 and keras.backend.backend() != "tensorflow":
        raise BadInput(
            "training.accumulate",
            expected="1, or Keras on TensorFlow",
            found=f"{accumulate} on {keras.backend.backend()}",
            remedy="set KERAS_BACKEND=tensorflow, or choose a smaller batch",
        )
    parts = devices.replicas * accumulate
    if batch_size % parts:
        raise BadInput(
            "training.batch_size",
            found=str(batch_size),
            remedy="choose another batch size",
            expected=f"a multiple of {parts} ({devices.replicas} devices × {accumulate} pieces a device)",
        )


def _device_names(tf: Any, devices: str) -> list[str]:
    if not devices:
        return []
    asked = [part.strip().lower() for part in devices.split(",")]
    for name in asked:
        if not re.fullmatch(r"(gpu|cpu):\d{1,3}", name):
            raise BadInput("--devices", expected="names such as gpu:0,gpu:1 or cpu:2", found=f"'{devices}'", remedy="write it so")
    if len(set(asked)) < len(asked):
        raise BadInput("--devices", expected="each device once", found=f"'{devices}'", remedy="leave out what is there twice")
    if len(asked) == 1 and asked[0].startswith("cpu"):
        return _logical_processors(tf, int(asked[0][4:]))
    gpus = len(tf.config.list_physical_devices("GPU"))
    for name in asked:
        if name.startswith("cpu") or int(name[4:]) >= gpus:
            there = ", ".join(f"gpu:{i}" for i in range(gpus)) or "no GPU"
            raise BadInput(
                "--devices",
                expected="devices of this machine",
                found=f"'{name}' where there is {there}",
                remedy="name others, or give cpu:2 for two logical processors",
            )
    return asked


def _logical_processors(tf: Any, count: int) -> list[str]:
    if not 1 <= count <= 64:
        raise BadInput("--devices", expected="1 to 64 logical processors", found=f"cpu:{count}", remedy="give cpu:2, say")
    processor = tf.config.list_physical_devices("CPU")[0]
    configured = tf.config.get_logical_device_configuration(processor)
    if configured is None or len(configured) != count:
        try:
            tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * count)
            if count >= (os.cpu_count() or 1):
                # A core each: operations of several devices that share all threads get in each other's way.
                tf.config.threading.set_intra_op_parallelism_threads(1)
        except RuntimeError:
            raise BadInput(
                "--devices",
                expected="a process in which TensorFlow has not begun to work",
                found="one in which it has",
                remedy="start the training in a process of its own",
            ) from None
    return [f"cpu:{index}" for index in range(count)]


def _multi_worker(tf: Any, devices: str, waiting: Callable[[], None]) -> Devices:
    if devices:
        raise BadInput(
            "--devices",
            expected="nothing beside --strategy multi-worker",
            found=devices,
            remedy="leave it out, and choose GPUs by CUDA_VISIBLE_DEVICES",
        )
    remedy = 'set TF_CONFIG to {"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}} on each machine'
    text = os.environ.get("TF_CONFIG", "")
    try:
        settings = json.loads(text)
        workers, task = settings["cluster"]["worker"], settings["task"]
        index = int(task["index"])
        if set(settings["cluster"]) != {"worker"} or task["type"] != "worker" or not 0 <= index < len(workers):
            raise ValueError("tasks other than its workers")
    except (ValueError, KeyError, TypeError) as error:
        found = f"a fault ({error})" if text else "none"
        raise BadInput(
            "TF_CONFIG", expected="a cluster of workers and this process's place in it", found=found, remedy=remedy
        ) from None
    waiting()
    try:
        with _signals_as_usual():
            return Devices(tf.distribute.MultiWorkerMirroredStrategy(), is_chief=index == 0, workers=len(workers))
    except tf.errors.OpError as error:
        raise BadInput(
            "TF_CONFIG",
            expected=f"workers that reach one another, this one at {workers[index]}",
            found=f"'{' '.join(error.message.split())[:120]}'",
            remedy="check that its address is of this machine and its port free, and give the command on every machine",
        ) from None
    except RuntimeError:
        raise BadInput(
            "--strategy",
            expected="a process in which TensorFlow has not begun to work",
            found="one in which it has",
            remedy="start the training in a process of its own",
        ) from None


@contextmanager
def _signals_as_usual() -> Iterator[None]:
    """Ctrl-C ends the process within this block: TensorFlow waits for the other workers without looking at it.

    It also takes SIGTERM for a note that the machine will be wanted back, and goes on; afterwards it ends the process again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGINT] is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
