"""What PyTorch draws in an epoch, as a function of the seed and the epoch's number."""

from __future__ import annotations

import keras


class EpochSeed(keras.callbacks.Callback):
    """Sets PyTorch's generator before the first step of each epoch.

    On the other backends each dropout has a generator of its own among the network's variables, which checkpoints hold. On
    PyTorch Keras draws from the process's generator: a training that goes on has to find it as it would have been.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed, self._epoch = seed, 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        if batch == 0:  # after PyTorch's loader, which draws from the same generator when a fit begins, and not in every epoch
            import torch

            torch.manual_seed(self._seed * 1_000_003 + self._epoch + 1)
