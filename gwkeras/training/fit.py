"""One training: a network, its samples, the optimiser and the callbacks of the paper."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.core.progress import Progress, silent
from gwkeras.data.manifest import Manifest
from gwkeras.data.pipeline import MonthsLeftOut, Share, batch_origins, dataset, naming_shards, samples_drawn
from gwkeras.models.build import build_model
from gwkeras.observation.point_spread import PointSpread
from gwkeras.training.downscaling_model import DownscalingModel
from gwkeras.training.resuming.checkpoint import Checkpoint
from gwkeras.training.resuming.guard import StopAtNaN, Suspect
from gwkeras.training.resuming.history import HistoryFile
from gwkeras.training.resuming.resumable import Stateless
from gwkeras.training.resuming.settings import LEFT_OUT, settings_of
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.strategies.cluster import check_agreement, naming_lost_workers
from gwkeras.training.strategies.devices import Devices
from gwkeras.training.strategies.epoch_seed import EpochSeed
from gwkeras.training.strategies.precision import precision, scaled_loss

LEARNED = ("coarser", "train")
"""Splits that weights are learned from."""


@dataclass(frozen=True)
class Samples:
    """The shards of a build, and the batches that a training draws from them.

    Args:
        folder: of the shards.
        manifest: of them.
        config: of the training.
        without: training months whose samples are not drawn; validation is whole.
    """

    folder: Path
    manifest: Manifest
    config: Config
    without: MonthsLeftOut = None

    def batches(self, split: str, *, shuffled: bool = False, position: int = 0, share: Share = Share()) -> Any:
        """tf.data batches: one pass in order; where `shuffled`, endless, in a new order each epoch, from batch `position` on."""
        training = self.config.training
        passes, skip = divmod(position, self.steps(split))
        return dataset(
            self.folder,
            split,
            batch_size=training.batch_size,
            seed=training.seed,
            repeat=shuffled,
            share=share,
            shuffle_buffer=training.shuffle_buffer if shuffled else 0,
            first_epoch=passes,
            skip=skip,
            without=self._without(split),
        )

    def suspects(self, split: str, position: int, shuffled: bool = True) -> tuple[Suspect, ...]:
        """The samples of one of the batches, with what in their inputs is no finite number."""
        training = self.config.training
        origins = batch_origins(
            self.folder,
            split,
            batch_size=training.batch_size,
            seed=training.seed,
            shuffle_buffer=training.shuffle_buffer if shuffled else 0,
            position=position,
            without=self._without(split),
        )
        inputs, _ = next(iter(self.batches(split, shuffled=shuffled, position=position)))
        finite = {name: np.isfinite(value).reshape(len(origins), -1).all(1) for name, value in inputs.items()}
        return tuple(
            Suspect(origin.shard, origin.index, tuple(name for name, good in finite.items() if not good[index]))
            for index, origin in enumerate(origins)
        )

    def held_out_suspects(self, split: str) -> tuple[Suspect, ...]:
        """The samples of a split that have such faults."""
        batches = (self.suspects(split, position, shuffled=False) for position in range(self.steps(split)))
        return tuple(sample for batch in batches for sample in batch if sample.not_finite)

    def steps(self, split: str) -> int:
        drawn = samples_drawn(self.folder, self.manifest, split, self._without(split))
        return ceil(drawn / self.config.training.batch_size)

    def _without(self, split: str) -> MonthsLeftOut:
        return self.without if split in LEARNED else None

    @property
    def product(self) -> PointSpread | None:
        """What the product has been smoothed by, where it is what is learned from; else None."""
        return self.manifest.point_spread if self.config.target.kind == "product" else None

    def signature(self) -> dict[str, str]:
        """What a training depends on, for its checkpoints."""
        learned = {} if self.product is None else {"data.point_spread": json.dumps(astuple(self.product))}
        left_out = {} if self.without is None else {LEFT_OUT: json.dumps(self.without)}
        return {"samples": self.manifest.build_hash, **settings_of(self.config), **learned, **left_out}


@dataclass(frozen=True)
class Session:
    """A training under way: its data, its folder, and whether it resumes from a checkpoint."""

    samples: Samples
    run: RunFolder
    devices: Devices = field(default_factory=Devices)
    progress: Progress = silent
    resume: bool = False


def new_model(samples: Samples, seed: int, devices: Devices | None = None, split: str = "train") -> DownscalingModel:
    """An untrained, compiled model: AdamW with a clipped global norm; statistics of normalisation over all devices.

    XLA stays off but under JAX, which without it works operation by operation: on CPUs TensorFlow's takes minutes to compile.

    Args:
        samples: what it will learn from.
        seed: of weights and dropout.
        devices: where; by default one device.
        split: what it will be trained on; "coarser" has larger cells than what it is scored on.
    """
    config, manifest = samples.config, samples.manifest
    training, devices = config.training, devices or Devices()
    # TensorFlow takes a pair of zero seeds for no seed at all, hence the one.
    keras.utils.set_random_seed(seed + 1)
    with devices.scope(), precision(training.precision):
        network = build_model(config.model, manifest.sample, manifest.statistics)
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization) and devices.replicas > 1:
                layer.synchronized = True
        factor = manifest.sample.factor
        trained_on, scored_on = (manifest.grids[part][0].lat_step / factor for part in (split, "train"))
        model = DownscalingModel(
            network,
            config.loss,
            manifest.statistics,
            factor,
            trained_on,
            training.accumulate,
            held_out_step_degrees=scored_on,
            product=samples.product,
        )
        optimizer = _adamw()(training.learning_rate, weight_decay=training.weight_decay, global_clipnorm=training.clip_norm)
        model.compile(optimizer=scaled_loss(optimizer, training.precision), jit_compile=keras.backend.backend() == "jax")
    return model


def _adamw() -> Any:
    if keras.backend.backend() != "tensorflow":
        return keras.optimizers.AdamW
    from gwkeras.training.strategies.tensorflow_steps import SummedAdamW

    return SummedAdamW


def plain_model(model: DownscalingModel, samples: Samples) -> DownscalingModel:
    """The same weights in float32 on one device: what is judged and kept."""
    from dataclasses import replace

    config = replace(samples.config, training=replace(samples.config.training, precision="float32"))
    plain = new_model(replace(samples, config=config), config.training.seed)
    plain.network.set_weights(model.network.get_weights())
    return plain


def fit(
    model: DownscalingModel,
    session: Session,
    split: str,
    *,
    epochs: int,
    steps: int | None = None,
    validation: str | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Trains in place, from the last checkpoint of this split on where the session resumes.

    Args:
        model: compiled, as `new_model` gives it.
        session: what it belongs to.
        split: what to train on.
        epochs: how many in all; those of a checkpoint count.
        steps: batches an epoch; None for one pass.
        validation: split that is scored after each epoch.
        callbacks: each a `Resumable`.
    Returns: metric name -> one value an epoch.
    Raises: CorruptShard: where a damaged sample is met, by the shard's name. GwkerasError: where the loss is no finite number.
    """
    samples, run, chief = session.samples, session.run, session.devices.is_chief
    steps = steps or samples.steps(split)
    guard = StopAtNaN(
        run.nan_batch,
        lambda position: samples.suspects(split, position),
        lambda: samples.held_out_suspects(validation) if validation else (),
        chief,
    )
    signature = {**samples.signature(), "number of updates an epoch": str(steps)}
    checkpoint = Checkpoint(run.checkpoint(split), signature, callbacks, chief)
    done = checkpoint.read() if session.resume else 0
    history = [HistoryFile(run.history, checkpoint.history)] if chief and split == "train" else []
    told = [guard, *callbacks, *history, checkpoint]
    epochs = done if checkpoint.has_stopped else max(done, epochs)
    check_agreement(session.devices, signature, done)
    with naming_shards(), naming_lost_workers(session.devices):
        if keras.backend.backend() == "tensorflow":
            from gwkeras.training.strategies.loop import run_epochs

            run_epochs(
                model,
                lambda share: samples.batches(split, shuffled=True, position=done * steps, share=share),
                epochs=epochs,
                steps=steps,
                first_epoch=done,
                callbacks=told,
                validation=(lambda share: samples.batches(validation, share=share)) if validation else None,
                validation_steps=samples.steps(validation) if validation else 0,
            )
        else:
            drawing = [EpochSeed(samples.config.training.seed)] if keras.backend.backend() == "torch" else []
            model.fit(
                samples.batches(split, shuffled=True, position=done * steps),
                epochs=epochs,
                initial_epoch=done,
                steps_per_epoch=steps,
                validation_data=samples.batches(validation) if validation else None,
                callbacks=[*drawing, *told],
                shuffle=False,
                verbose=0,
            )
    return checkpoint.history


class StepProgress(Stateless, keras.callbacks.Callback):
    """Tells `progress` about every tenth step or so."""

    def __init__(self, progress: Progress, label: str) -> None:
        super().__init__()
        self._report, self._label = progress, label
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        done = self._epoch * self.params["steps"] + batch + 1
        if done % 10 == 0:
            self._report(self._label, done, self.params["epochs"] * self.params["steps"])
