"""One training: a network, its samples, the optimiser and the callbacks of the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from gwkeras.core.config import Config
from gwkeras.data.manifest import Manifest
from gwkeras.data.pipeline import dataset, naming_shards, steps_per_epoch
from gwkeras.models.build import build_model
from gwkeras.training.downscaling_model import DownscalingModel

Progress = Callable[[str, int, int], None]
"""Called with a label, the steps done and the steps in all."""


@dataclass(frozen=True)
class Samples:
    """The shards of a build, and the batches that a training draws from them."""

    folder: Path
    manifest: Manifest
    config: Config

    def batches(self, split: str, *, shuffled: bool = False) -> Any:
        """tf.data batches; endless and in a new order each epoch where `shuffled`, else one pass in order."""
        training = self.config.training
        return dataset(self.folder, split, batch_size=training.batch_size, seed=training.seed,
                       shuffle_buffer=training.shuffle_buffer if shuffled else 0, repeat=shuffled)

    def steps(self, split: str) -> int:
        return steps_per_epoch(self.manifest, split, self.config.training.batch_size)


def new_model(samples: Samples, seed: int) -> DownscalingModel:
    """An untrained, compiled model: AdamW with a clipped global norm.

    XLA stays off: on CPUs it takes minutes to compile this network.
    """
    config, manifest = samples.config, samples.manifest
    # TensorFlow takes a pair of zero seeds for no seed at all, hence the one.
    keras.utils.set_random_seed(seed + 1)
    network = build_model(config.model, manifest.sample, manifest.statistics)
    fine_step = manifest.grids["train"][0].lat_step / manifest.sample.factor
    model = DownscalingModel(network, config.loss, manifest.statistics, manifest.sample.factor, fine_step)
    training = config.training
    model.compile(optimizer=keras.optimizers.AdamW(training.learning_rate, weight_decay=training.weight_decay,
                                                   global_clipnorm=training.clip_norm), jit_compile=False)
    return model


def fit(model: DownscalingModel, samples: Samples, split: str, *, epochs: int, steps: int | None = None, validation: str | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = ()) -> dict[str, list[float]]:
    """Trains in place.

    Args:
        split: what to train on.
        steps: batches an epoch; None for one pass.
        validation: split that is scored after each epoch.
    Returns: metric name -> one value an epoch.
    Raises: CorruptShard: where a damaged sample is met, by the shard's name.
    """
    with naming_shards():
        history = model.fit(samples.batches(split, shuffled=True), epochs=epochs, steps_per_epoch=steps or samples.steps(split),
                            validation_data=samples.batches(validation) if validation else None, callbacks=list(callbacks),
                            shuffle=False, verbose=0)
    return history.history


class StepProgress(keras.callbacks.Callback):
    """Tells `progress` about every tenth step or so."""

    def __init__(self, progress: Progress, label: str) -> None:
        super().__init__()
        self._report, self._label, self._done = progress, label, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._done += 1
        if self._done % 10 == 0:
            self._report(self._label, self._done, self.params["epochs"] * self.params["steps"])
