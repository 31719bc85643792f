"""From shards to a trained, calibrated network in its run folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import keras

from gwkeras.core.config import Config
from gwkeras.core.folder_lock import folder_lock
from gwkeras.data.manifest import read_manifest
from gwkeras.training.calibration import Calibration, calibrate
from gwkeras.training.fit import Progress, Samples, StepProgress, fit, new_model
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.scale_transfer import Transfer, choose_by_transfer


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Args:
        network: from the sample's inputs to {"mean", "variance"}.
        calibration: of its standard deviation.
        epochs: passes over the training samples; may be a fraction where the number of updates was chosen one scale up.
        transfer: how that number was chosen, or None.
    """

    network: keras.Model
    calibration: Calibration
    epochs: float
    transfer: Transfer | None


def train(config: Config, run: RunFolder, progress: Progress = lambda label, done, total: None) -> Trained:
    """Trains on the run's shards and leaves model.keras, calibration.json, history.csv, checkpoints and TensorBoard logs there.

    Raises: BadInput: where there are no shards. CorruptShard: where one is damaged. RunInUse: where the run is being trained.
    """
    with folder_lock(run.checkpoints):
        samples = Samples(run.shards, read_manifest(run.shards), config)
        if _by_transfer(samples):
            return _train_by_transfer(samples, run, progress)
        return _train_by_validation(samples, run, progress)


def _by_transfer(samples: Samples) -> bool:
    config, manifest = samples.config, samples.manifest
    return (config.target.kind == "coarsen" and config.training.scale_transfer and manifest.samples_of("coarser") > 0
            and manifest.samples_of("validation") > 0)


def _train_by_transfer(samples: Samples, run: RunFolder, progress: Progress) -> Trained:
    transfer = choose_by_transfer(samples, progress)
    steps = samples.steps("train")
    # Whole epochs for the logs: as many as hold the updates, each a little short of a pass.
    epochs = max(1, round(transfer.updates / steps))
    model = new_model(samples, samples.config.training.seed)
    fit(model, samples, "train", epochs=epochs, steps=max(1, round(transfer.updates / epochs)), validation="validation",
        callbacks=[*_records(run), StepProgress(progress, "training")])
    calibration = replace(transfer.calibration, basis=transfer.calibration.basis + ", by a network trained one scale up")
    return _finish(model, calibration, transfer.updates / steps, transfer, run)


def _train_by_validation(samples: Samples, run: RunFolder, progress: Progress) -> Trained:
    training = samples.config.training
    validation = "validation" if samples.manifest.samples_of("validation") else None
    watched = "val_loss" if validation else "loss"
    model = new_model(samples, training.seed)
    history = fit(model, samples, "train", epochs=training.epochs, validation=validation, callbacks=[
        *_records(run), StepProgress(progress, "training"),
        keras.callbacks.ReduceLROnPlateau(monitor=watched, factor=training.plateau_factor, patience=training.plateau_patience),
        keras.callbacks.EarlyStopping(monitor=watched, patience=training.stopping_patience, restore_best_weights=True)])
    calibration = calibrate(model, samples, validation) if validation else Calibration()
    return _finish(model, calibration, float(len(history["loss"])), None, run)


def _records(run: RunFolder) -> list[keras.callbacks.Callback]:
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    return [keras.callbacks.CSVLogger(str(run.history)), keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False),
            keras.callbacks.ModelCheckpoint(str(run.checkpoints / "latest.weights.h5"), save_weights_only=True)]


def _finish(model, calibration: Calibration, epochs: float, transfer: Transfer | None, run: RunFolder) -> Trained:
    calibration.write(run.calibration)
    save_network(model.network, run.model)
    return Trained(model.network, calibration, epochs, transfer)


def save_network(network: keras.Model, path: Path) -> None:
    """Writes a .keras file, whole or not at all."""
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        network.save(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
