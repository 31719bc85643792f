"""`python -m tests.training.backend_fit FOLDER [steps] [resume]`: short trainings on the running backend; weights in FOLDER.

One process for all of them: a process has one backend for life, and to start one takes longer than what it does here.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import keras
import numpy as np

from gwkeras.core.config.tree import ModelConfig, TrainingConfig
from gwkeras.core.errors import Interrupted
from gwkeras.data.manifest import read_manifest
from gwkeras.training.fit import Samples, Session, StepProgress, fit, new_model
from gwkeras.training.run_folder import RunFolder
from tests.data.builds import CONFIG, small_build

MODEL = ModelConfig(convlstm_filters=(2,), unet_filters=(4, 4), refinement_filters=4, refinement_layers=1, dropout=0.3)
TRAINING = TrainingConfig(epochs=3, batch_size=32, plateau_patience=1, plateau_factor=0.5, seed=1)


class Stopping(StepProgress):
    """Presses Ctrl-C in the third epoch."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if (self._epoch, batch) == (2, 1):
            raise KeyboardInterrupt


def trained(folder: Path, *, resumed: bool) -> dict[str, np.ndarray]:
    """Weights after three epochs with dropout, validation and a falling learning rate, and the history."""
    module = import_module("gwkeras.training.train")
    config, run = replace(CONFIG, model=MODEL, training=TRAINING), RunFolder(folder)
    small_build(run.shards, CONFIG)
    if resumed:
        module.StepProgress = Stopping  # type: ignore[attr-defined]
        try:
            module.train(config, run)
            raise AssertionError("not stopped")
        except (KeyboardInterrupt, Interrupted):
            module.StepProgress = StepProgress  # type: ignore[attr-defined]
    network = module.train(config, run, resume=resumed).network
    history = np.genfromtxt(run.history, delimiter=",", names=True)
    return weights_of(network) | {f"log {name}": history[name] for name in history.dtype.names}


def after_steps(folder: Path, kind: str) -> dict[str, np.ndarray]:
    """Weights after ten steps from the same weights on every backend, without dropout, and the means that were logged."""
    model_config = replace(MODEL, kind=kind, dropout=0.0)  # type: ignore[arg-type]
    config = replace(CONFIG, model=model_config, training=replace(TRAINING, learning_rate=3e-3, clip_norm=0.1, batch_size=16))
    run = RunFolder(folder)
    small_build(run.shards, CONFIG)
    samples = Samples(run.shards, read_manifest(run.shards), config)
    model = new_model(samples, 1)
    rng = np.random.default_rng(3)
    for weight in model.network.trainable_weights:
        weight.assign(0.2 * rng.normal(size=weight.shape))
    validation = "validation" if kind == "default" else None
    history = fit(model, Session(samples, run), "train", epochs=2, steps=5, validation=validation)
    return weights_of(model.network) | {f"log {name}": np.asarray(values) for name, values in history.items()}


def weights_of(network: keras.Model) -> dict[str, np.ndarray]:
    """By number and name; dropout's generators are counted through a process, so that their names tell nothing."""
    names = [re.sub(r"_\d+(?=/)", "", variable.path) for variable in network.variables]
    values = [keras.ops.convert_to_numpy(variable.value) for variable in network.variables]
    return {f"{index:02d} {name}": value for index, (name, value) in enumerate(zip(names, values, strict=True))}


def main(folder: Path, parts: list[str]) -> None:
    if "steps" in parts:
        for kind in ("default", "paper"):
            np.savez(folder / f"{kind}.npz", **after_steps(folder / kind, kind))
    if "resume" in parts:
        for name, resumed in (("whole", False), ("resumed", True)):
            np.savez(folder / f"{name}.npz", **trained(folder / name, resumed=resumed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
