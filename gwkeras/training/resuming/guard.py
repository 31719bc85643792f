"""A loss or a weight that is no number stops the training before anything good is overwritten."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gwkeras.core.errors import GwkerasError
from gwkeras.core.files.whole_file import write_atomically


@dataclass(frozen=True)
class Suspect:
    """A sample of the batch at which the loss ceased to be finite.

    Args:
        shard: where it lies.
        index: its place there, from 0.
        not_finite: its inputs that hold something other than finite numbers.
    """

    shard: str
    index: int
    not_finite: tuple[str, ...] = ()


class StopAtNaN(keras.callbacks.Callback):
    """Names the sample at which the loss ceased to be finite, saves where the batch lies, and stops.

    Must stand before the callback that writes checkpoints: a step whose loss is still finite can leave weights that are not.

    Args:
        path: JSON to write: epoch, batch, means of the epoch, and shard, index and faults of each sample.
        batch: from a batch's number, counted from the first of the training, to its samples.
        held_out: samples with faults among those that are scored after each epoch.
        writes: False in all but one process of a cluster.
    """

    def __init__(
        self,
        path: Path,
        batch: Callable[[int], Sequence[Suspect]],
        held_out: Callable[[], Sequence[Suspect]] = tuple,
        writes: bool = True,
    ) -> None:
        super().__init__()
        self._path, self._batch, self._held_out, self._writes = path, batch, held_out, writes
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if math.isfinite(float((logs or {}).get("loss", 0.0))):
            return
        samples = self._batch(self._epoch * self.params["steps"] + batch)
        if batch and not _faulty(samples):
            # A rectifier may make zero of NaN: the loss is then finite, its gradient is not, and the next loss tells.
            before = self._batch(self._epoch * self.params["steps"] + batch - 1)
            if _faulty(before):
                self._stop("a weight is", batch - 1, before, logs)
        self._stop("the loss is", batch, samples, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        last = self.params["steps"] - 1
        if not math.isfinite(float((logs or {}).get("val_loss", 0.0))):
            self._stop("the loss of the held-out samples is", last, self._held_out(), logs)
        variables = [*self.model.network.variables, *self.model.optimizer.variables]
        if not all(np.isfinite(keras.ops.convert_to_numpy(v)).all() for v in variables):
            self._stop("a weight is", last, self._batch(self._epoch * self.params["steps"] + last), logs)

    def _stop(self, what: str, batch: int, samples: Sequence[Suspect], logs: dict[str, Any] | None) -> None:
        said = {
            "epoch": self._epoch + 1,
            "batch": batch + 1,
            "means_of_the_epoch": {name: str(float(value)) for name, value in (logs or {}).items()},
            "samples": [asdict(sample) for sample in samples],
        }
        if self._writes:
            write_atomically(self._path, json.dumps(said, indent=1).encode())
        raise GwkerasError(
            f"{what} no finite number in epoch {self._epoch + 1} at batch {batch + 1}: {explained(samples)} ({self._path} lists "
            "the batch; finished epochs are kept)."
        )


def explained(samples: Sequence[Suspect]) -> str:
    """Whose fault it is, and what to do."""
    faulty = _faulty(samples)
    if faulty:
        one = faulty[0]
        more = f", and {len(faulty) - 1} more samples have such faults" if len(faulty) > 1 else ""
        return (
            f"sample {one.index} of {one.shard} has {', '.join(one.not_finite)} that is not finite{more}; repair the source "
            "and build the shards again"
        )
    first = f" (first sample: {samples[0].index} of {samples[0].shard})" if samples else ""
    return f"all inputs are finite{first}; lower training.learning_rate, or leave mixed_float16"


def _faulty(samples: Sequence[Suspect]) -> list[Suspect]:
    return [sample for sample in samples if sample.not_finite]
