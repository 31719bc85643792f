"""From shards to a trained, calibrated network in its run folder."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import keras

from gwkeras.core.config.tree import Config
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.progress import Progress, silent
from gwkeras.data.manifest import read_manifest
from gwkeras.data.pipeline import MonthsLeftOut
from gwkeras.training.calibration import calibrate
from gwkeras.training.fit import Samples, Session, StepProgress, fit, new_model, plain_model
from gwkeras.training.memory import peak_memory
from gwkeras.training.resuming.checkpoint import Checkpoint
from gwkeras.training.resuming.resumable import EarlyStopping, ReduceLROnPlateau, Silent, TensorBoard
from gwkeras.training.resuming.standing import SPLITS, TrainingRecord, all_settings
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.scale_transfer import Transfer, choose_by_transfer
from gwkeras.training.strategies.cluster import leave_together
from gwkeras.training.strategies.devices import Devices, check_batch


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training gave.

    Args:
        network: from the sample's inputs to {"mean", "variance"}.
        calibration: of its standard deviation.
        epochs: passes over the training samples; may be a fraction where the number of updates was chosen one scale up.
        kept_epoch: the epoch whose weights these are, from 0, as history.csv counts.
        transfer: how the number of updates was chosen, or None.
        memory: the most that the process has held, for people.
    """

    network: keras.Model
    calibration: Calibration
    epochs: float
    kept_epoch: int
    transfer: Transfer | None
    memory: str = ""


def train(
    config: Config,
    run: RunFolder,
    progress: Progress = silent,
    *,
    devices: Devices | None = None,
    resume: bool = False,
    without: MonthsLeftOut = None,
) -> TrainingOutcome:
    """Trains on the run's shards and leaves model.keras, calibration.json, history.csv, checkpoints and TensorBoard logs there.

    Args:
        config: of the training.
        run: holds the shards.
        progress: told of batches.
        devices: where; by default one device.
        resume: go on at the start of the epoch in which an earlier training was stopped, or begin where there was none.
        without: training months that it is not taught on.
    Raises: BadInput: where there are no shards, the batch does not divide by the devices, or a checkpoint is of another training.
        CorruptShard: where a shard is damaged. RunInUse: where the run is being trained.
    """
    devices = devices or Devices()
    with folder_lock(run.checkpoints) if devices.is_chief else nullcontext():
        check_batch(config.training.batch_size, config.training.accumulate, devices)
        session = Session(Samples(run.shards, read_manifest(run.shards), config, without), run, devices, progress, resume)
        if devices.is_chief:  # of an earlier training
            run.nan_batch.unlink(missing_ok=True)
        for split in SPLITS:
            if resume:  # what cannot be resumed is said before hours of training one scale up
                Checkpoint(run.checkpoint(split), session.samples.signature(), ()).read()
            elif devices.is_chief:
                run.checkpoint(split).unlink(missing_ok=True)
        trained = _train_by_transfer(session) if _by_transfer(session.samples) else _train_by_validation(session)
        leave_together(devices)
        return trained


def _by_transfer(samples: Samples) -> bool:
    config, manifest = samples.config, samples.manifest
    return (
        config.target.kind == "coarsen"
        and config.training.scale_transfer
        and manifest.samples_of("coarser") > 0
        and manifest.samples_of("validation") > 0
    )


def _train_by_transfer(session: Session) -> TrainingOutcome:
    samples = session.samples
    transfer = choose_by_transfer(session)
    steps = samples.steps("train")
    # Whole epochs for the logs: as many as hold the updates, each a little short of a pass.
    epochs = max(1, round(transfer.updates / steps))
    model = new_model(samples, samples.config.training.seed, session.devices)
    history = fit(
        model,
        session,
        "train",
        epochs=epochs,
        steps=max(1, round(transfer.updates / epochs)),
        validation="validation",
        callbacks=[*_records(session), StepProgress(session.progress, "training")],
    )
    calibration = replace(transfer.calibration, basis=transfer.calibration.basis + ", by a network trained one scale up")
    last = len(history["loss"]) - 1
    return _finish(plain_model(model, samples), calibration, transfer.updates / steps, last, transfer, session)


def _train_by_validation(session: Session) -> TrainingOutcome:
    samples = session.samples
    training = samples.config.training
    validation = "validation" if samples.manifest.samples_of("validation") else None
    watched = "val_loss" if validation else "loss"
    model = new_model(samples, training.seed, session.devices)
    stopping = EarlyStopping(monitor=watched, patience=training.stopping_patience, restore_best_weights=True)
    history = fit(
        model,
        session,
        "train",
        epochs=training.epochs,
        validation=validation,
        callbacks=[
            *_records(session),
            StepProgress(session.progress, "training"),
            ReduceLROnPlateau(monitor=watched, factor=training.plateau_factor, patience=training.plateau_patience),
            stopping,
        ],
    )
    plain = plain_model(model, samples)
    calibration = calibrate(plain, samples, validation) if validation and session.devices.is_chief else Calibration()
    return _finish(plain, calibration, float(len(history["loss"])), stopping.best_epoch, None, session)


def _records(session: Session) -> list[keras.callbacks.Callback]:
    # A checkpoint knows callbacks by their place, so every worker has one here.
    session.run.checkpoints.mkdir(parents=True, exist_ok=True)
    return [TensorBoard(str(session.run.tensorboard), write_graph=False) if session.devices.is_chief else Silent()]


def _finish(
    model, calibration: Calibration, epochs: float, kept_epoch: int, transfer: Transfer | None, session: Session
) -> TrainingOutcome:
    run, samples = session.run, session.samples
    if session.devices.is_chief:
        run.training.unlink(missing_ok=True)
        calibration.write(run.calibration)
        save_network(model.network, run.network)
        settings = all_settings(samples.config, samples.manifest.build_hash)
        TrainingRecord(settings, epochs, transfer.rmse if transfer else ()).write(run)
    return TrainingOutcome(model.network, calibration, epochs, kept_epoch, transfer, peak_memory())


def save_network(network: keras.Model, path: Path) -> None:
    """Writes a .keras file, whole or not at all."""
    with replacing_path(path) as partial:
        network.save(partial)
