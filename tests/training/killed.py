"""`python -m tests.training.killed RUN EPOCH STEP [resume]`: a training that is killed in EPOCH at STEP; -1: never."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import keras

from gwkeras.core.config.tree import ModelConfig, TrainingConfig
from gwkeras.training.fit import StepProgress
from gwkeras.training.run_folder import RunFolder
from tests.data.builds import CONFIG

MODEL = ModelConfig(convlstm_filters=(2,), unet_filters=(4, 4), refinement_filters=4, refinement_layers=1, dropout=0.3)
TRAINING = TrainingConfig(epochs=4, batch_size=32, plateau_patience=1, plateau_factor=0.5, seed=1)


def main(root: str, epoch: int, step: int, *resume: str) -> None:
    class Killing(StepProgress):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            if (self._epoch, batch) == (epoch, step):
                os.kill(os.getpid(), signal.SIGKILL)

    module = import_module("gwkeras.training.train")
    module.StepProgress = Killing  # type: ignore[attr-defined]
    module.train(replace(CONFIG, model=MODEL, training=TRAINING), RunFolder(Path(root)), resume=bool(resume))


if __name__ == "__main__":
    assert keras.backend.backend() == "tensorflow"
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
