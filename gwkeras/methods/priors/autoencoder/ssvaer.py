"""The SSVAER prior: storage by memories and maps, learned from product cells, and from fine cells and missing months without it.

After Zhuang et al. (2022, arXiv 2211.05979), whom Xue et al. (2024, doi 10.1016/j.scitotenv.2023.167908) follow for GRACE over
the Tarim basin. Labelled rows are product cells in training months; unlabelled ones are fine cells in all months of the climate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.memories.exponential import TIME_CONSTANTS
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.autoencoder.unlabelled import unlabelled_rows
from gwkeras.methods.priors.learners.fitted import FittedLearner
from gwkeras.methods.priors.learners.learner import Learner
from gwkeras.methods.priors.learners.perceptrons import Perceptrons
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.learners.teacher import teach
from gwkeras.methods.training import Training

_DECAYS = (0.1,)  # of the weights


@dataclass(frozen=True)
class SSVAER(Learner):
    """f by semi-supervised variational autoencoder regression on memories of the climate and maps.

    Args:
        latent: variables between storage and features.
        hidden: units of each hidden layer.
        members: networks that differ in their start, averaged.
        evidence: weight of what all rows tell of the features, beside storage.
        unlabelled: fine cells and months without storage that are learned from.
        epochs: passes over the months.
        time_constants: of the memories, months.
    """

    latent: int = key(4, "number of latent variables", at_least=1, at_most=1000)
    hidden: int = key(16, "units of each hidden layer", at_least=1, at_most=1000)
    members: int = key(4, "number of networks with different initial weights, averaged", at_least=1, at_most=100)
    evidence: float = key(0.3, "weight of the reconstruction of features, relative to storage", unit="1", at_least=0)
    unlabelled: int = key(10000, "number of unlabelled rows (fine cells and months) to learn from", at_least=0, at_most=10000000)
    epochs: int = key(15, "passes over the months", at_least=1, at_most=10000)
    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)

    label: ClassVar[str] = "SSVAER"
    settings: ClassVar[tuple[float, ...]] = _DECAYS

    def fit(self, training: Training, progress: Progress = silent) -> FittedLearner:
        """See `gwkeras.methods.priors.learners.teacher.teach`."""
        rng = np.random.default_rng([training.seed, self.unlabelled])
        others = unlabelled_rows(FineClimate.of(training.domain), self.time_constants, self.unlabelled, rng)
        learn, draft = (partial(self._trained, members=members, others=others) for members in (self.members, 1))
        return teach(self.label, training, self.time_constants, self.settings, learn, draft, progress)

    def learn(self, sample: Sample, setting: float, seed: int) -> Perceptrons:
        """See `Learner.learn`; without rows of unknown storage."""
        return self._trained(sample, setting, seed, self.members, sample.rows[0, :0])

    def draft(self, sample: Sample, setting: float, seed: int) -> Perceptrons:
        """See `Learner.draft`; likewise."""
        return self._trained(sample, setting, seed, 1, sample.rows[0, :0])

    def _trained(self, sample: Sample, decay: float, seed: int, members: int, others: np.ndarray) -> Perceptrons:
        from gwkeras.methods.priors.autoencoder.learning import Sizes, learn_answers

        return learn_answers(sample, decay, seed, Sizes(self.latent, self.hidden, members, self.evidence, self.epochs), others)
