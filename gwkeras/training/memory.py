"""The most memory that a training has held."""

from __future__ import annotations

import keras

from gwkeras.core.process.memory import peak_of_this_process


def peak_memory() -> str:
    """Of this process since its start, and of each GPU, for people."""
    said = [f"{peak_of_this_process() / 2**30:.2f} GiB"]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        for index in range(len(tf.config.list_physical_devices("GPU"))):
            said.append(f"{tf.config.experimental.get_memory_info(f'GPU:{index}')['peak'] / 2**30:.2f} GiB on gpu:{index}")
    return ", ".join(said)
