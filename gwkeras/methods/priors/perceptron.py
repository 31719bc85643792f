"""The perceptron prior: storage by a small neural network on memories and maps.

After Miro & Famiglietti (2018, doi 10.3390/rs10010143), who downscale GRACE over the Central Valley with a feed-forward network.
An adaptation: theirs learns one region's storage from rain, temperature, snow, vegetation and soil; ours from memories and maps,
through the product's operator and in its metric, believed only as far as held-out product bears it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.domain.memories.exponential import TIME_CONSTANTS
from gwkeras.methods.priors.learners.descent import Weights, descend
from gwkeras.methods.priors.learners.learner import Learner
from gwkeras.methods.priors.learners.perceptrons import Perceptrons
from gwkeras.methods.priors.learners.sample import Sample

_PENALTIES = (0.003, 0.01, 0.03, 0.1)  # on the square of the weights, of which one is chosen


@dataclass(frozen=True)
class Perceptron(Learner):
    """f by perceptrons with one hidden layer on memories of the climate and maps, taught through the product's operator.

    Args:
        units: of the hidden layer.
        members: networks that differ in their start, averaged.
        time_constants: of the memories, months.
    """

    units: int = key(16, "of the hidden layer", at_least=1, at_most=1000)
    members: int = key(4, "number of networks with different initial weights, averaged", at_least=1, at_most=100)
    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)

    label: ClassVar[str] = "perceptron"
    settings: ClassVar[tuple[float, ...]] = _PENALTIES

    def learn(self, sample: Sample, setting: float, seed: int) -> Perceptrons:
        """See `Learner.learn`."""
        return self._trained(sample, setting, seed, self.members)

    def draft(self, sample: Sample, setting: float, seed: int) -> Perceptrons:
        """See `Learner.draft`."""
        return self._trained(sample, setting, seed, 1)

    def _trained(self, sample: Sample, penalty: float, seed: int, members: int) -> Perceptrons:
        mean, deviation = sample.moments()
        found = []
        for number in range(members):
            rng = np.random.default_rng([seed, number])
            found.append(descend(sample, Weights.drawn(len(mean), self.units, rng), mean, deviation, penalty, rng))
        weights = (np.stack(part) for part in zip(*found, strict=True))
        return Perceptrons(mean, deviation, np.array(sample.scale), *weights)
