"""The perceptron prior: storage by a small neural network on memories and maps.

After Miro & Famiglietti (2018, doi 10.3390/rs10010143), who downscale GRACE over the Central Valley with a feed-forward network.
An adaptation: theirs learns one region's storage from rain, temperature, snow, vegetation and soil; ours from memories and maps,
through the product's operator, believed only as far as held-out product bears it out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.methods.parts import Progress
from gwkeras.methods.priors.forest import TIME_CONSTANTS
from gwkeras.methods.priors.learners.fitted import FittedLearner
from gwkeras.methods.priors.learners.perceptrons import Perceptrons
from gwkeras.methods.priors.learners.teacher import teach
from gwkeras.methods.training import Training

_PENALTIES = (0.1, 30.0, 1000.0)  # scikit-learn's alpha, of which one is chosen
_PASSES = 12  # over the rows
_BATCH = 256
_NOTHING = 1e-6  # a feature that varies less is not looked at


@dataclass(frozen=True)
class Perceptron:
    """f by perceptrons with one hidden layer on memories of the climate and maps, taught through the product's operator.

    Args:
        units: of the hidden layer.
        members: networks that differ in their start, averaged.
        time_constants: of the memories, months.
    """

    units: int = key(16, "of the hidden layer", at_least=1, at_most=1000)
    members: int = key(4, "networks that differ in their start, averaged", at_least=1, at_most=100)
    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)

    label: ClassVar[str] = "perceptron"
    needs_shards: ClassVar[bool] = False

    def fit(self, training: Training, progress: Progress = lambda label, done, total: None) -> FittedLearner:
        """See `gwkeras.methods.priors.learners.teacher.teach`."""
        learn, draft = partial(self._trained, members=self.members), partial(self._trained, members=1)
        return teach("perceptron", training, self.time_constants, _PENALTIES, learn, draft, progress)

    def load(self, folder: Path, training: Training) -> FittedLearner:
        """What `FittedLearner.save` has kept.

        Raises: BadInput: where the folder holds no such prior.
        """
        return FittedLearner.load(folder)

    def _trained(self, rows: np.ndarray, values: np.ndarray, penalty: float, seed: int, members: int) -> Perceptrons:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        mean, deviation = rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float)
        deviation = np.where(deviation > _NOTHING, deviation, np.inf)
        scale = max(float(values.std()), 1e-9)
        trained = []
        for number in range(members):
            member = MLPRegressor(
                hidden_layer_sizes=(self.units,),
                activation="tanh",
                alpha=penalty,
                batch_size=min(_BATCH, len(rows)),
                learning_rate_init=3e-3,
                max_iter=_PASSES,
                random_state=seed + number,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is meant
                trained.append(member.fit(((rows - mean) / deviation).astype(np.float32), values / scale))
        return Perceptrons(
            mean.astype(np.float32),
            deviation.astype(np.float32),
            np.array(scale),
            np.stack([m.coefs_[0] for m in trained]),
            np.stack([m.intercepts_[0] for m in trained]),
            np.stack([m.coefs_[1][:, 0] for m in trained]),
            np.array([float(m.intercepts_[1][0]) for m in trained]),
        )
