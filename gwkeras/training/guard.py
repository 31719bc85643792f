"""A loss that is no number stops the training before anything good is overwritten."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from gwkeras.core.errors import GwkerasError
from gwkeras.data.manifest import write_atomically
from gwkeras.data.pipeline import Origin


class StopAtNaN(keras.callbacks.Callback):
    """Names the batch at which the loss ceased to be finite, saves where its samples lie, and stops.

    Args:
        path: JSON to write: epoch, batch, terms of the loss, and shard and index of each sample.
        origins: from a batch's number, counted from the first of the training, to its samples.
        writes: False in all but one process of a cluster.
    """

    def __init__(self, path: Path, origins: Callable[[int], tuple[Origin, ...]], writes: bool = True) -> None:
        super().__init__()
        self._path, self._origins, self._writes = path, origins, writes
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        terms = {name: float(value) for name, value in (logs or {}).items() if name in ("loss",)}
        if math.isfinite(terms.get("loss", 0.0)):
            return
        origins = self._origins(self._epoch * self.params["steps"] + batch)
        terms = {name: str(float(value)) for name, value in (logs or {}).items()}  # type: ignore[misc]
        found = {
            "epoch": self._epoch + 1,
            "batch": batch + 1,
            "means_of_the_epoch": terms,
            "samples": [asdict(o) for o in origins],
        }
        if self._writes:
            write_atomically(self._path, json.dumps(found, indent=1).encode())
        raise GwkerasError(
            f"the loss is no finite number in epoch {self._epoch + 1} at batch {batch + 1} (first sample: {origins[0].shard}, "
            f"number {origins[0].index}); {self._path} lists the batch, and the checkpoint of the epoch before stands."
        )
