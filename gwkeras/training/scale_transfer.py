"""How long to train when the answer is wanted at a scale that cannot be trained on.

A network that learns to undo a coarsening at 2° → 0.5° goes on improving there long after it has begun to get worse at
0.5° → 0.125°. So a second network is trained one scale up (4° → 1°) and judged at 2° → 0.5°, where the answer is known:
the number of updates at which it carries over best is the number that the network in use is trained for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.training.calibration import calibrate
from gwkeras.training.fit import Session, StepProgress, fit, new_model, plain_model
from gwkeras.training.resuming.resumable import EarlyStopping

TOLERANCE = 0.02
"""The shortest training within two per cent of the best one is taken. The valley is flat, and the network in use has a further
scale to go than the one that is judged: of what carries over equally well, the less that was learned by heart the better."""


@dataclass(frozen=True)
class Transfer:
    """What the training one scale up has shown.

    Args:
        epochs: that carry over best, of the coarser training.
        updates: the same in batches.
        rmse: mm, one value per epoch, at the scale that the network in use is trained on.
        calibration: of the coarser network's standard deviations at that scale.
    """

    epochs: int
    updates: int
    rmse: tuple[float, ...]
    calibration: Calibration


def choose_by_transfer(session: Session) -> Transfer:
    """Trains on "coarser" with early stopping by the score on "validation", one scale finer."""
    samples = session.samples
    training = samples.config.training
    model = new_model(samples, training.seed, session.devices, "coarser")
    best = _KeepShortest()
    fit(
        model,
        session,
        "coarser",
        epochs=training.epochs,
        validation="validation",
        callbacks=[
            best,
            StepProgress(session.progress, "training one scale up"),
            EarlyStopping(monitor="val_mse", mode="min", patience=training.stopping_patience),
        ],
    )
    epochs = best.give_chosen(model)
    writes = session.devices.is_chief  # nobody else needs it
    calibration = calibrate(plain_model(model, samples), samples, "validation") if writes else Calibration()
    return Transfer(epochs, epochs * samples.steps("coarser"), tuple(best.rmse), calibration)


class _KeepShortest(keras.callbacks.Callback):
    """Keeps the weights of each epoch that may turn out to be the shortest one within the tolerance of the best."""

    def __init__(self) -> None:
        super().__init__()
        self.rmse: list[float] = []
        self.weights_of: dict[int, list[np.ndarray]] = {}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.rmse.append(math.sqrt((logs or {})["val_mse"]))
        self.weights_of[len(self.rmse)] = self.model.get_weights()
        limit = min(self.rmse) * (1 + TOLERANCE)
        self.weights_of = {n: weights for n, weights in self.weights_of.items() if self.rmse[n - 1] <= limit}

    def state(self) -> dict[str, Any]:
        return {"rmse": self.rmse, "weights_of": self.weights_of}

    def restore(self, state: dict[str, Any]) -> None:
        self.rmse, self.weights_of = state["rmse"], state["weights_of"]

    def give_chosen(self, model: keras.Model) -> int:
        """Gives `model` the chosen epoch's weights and returns its number, from 1."""
        chosen = min(self.weights_of)
        model.set_weights(self.weights_of[chosen])
        return chosen
