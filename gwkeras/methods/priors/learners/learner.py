"""What forest, boosting and perceptron share as recipes: memories and maps as features, taught through H, kept alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from gwkeras.core.progress import Progress, silent
from gwkeras.methods.priors.learners.fitted import FittedLearner, Regression
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.learners.teacher import teach
from gwkeras.methods.training import Training


class Learner(ABC):
    """A regression on memories of the climate and maps; a kind of one's own is a frozen dataclass that adds `learn` and `draft`.

    `label` names it, and `settings` are what its regression may be held back by, of which one is chosen.
    """

    label: ClassVar[str]
    settings: ClassVar[tuple[float, ...]]
    located: ClassVar[bool] = False  # whether it sees where and when a row is
    needs_shards: ClassVar[bool] = False
    holds_back: ClassVar[bool] = True  # it is 0 by itself where held-out product does not bear it out
    time_constants: tuple[float, ...]

    @abstractmethod
    def learn(self, sample: Sample, setting: float, seed: int) -> Regression:
        """The regression that is kept."""

    @abstractmethod
    def draft(self, sample: Sample, setting: float, seed: int) -> Regression:
        """A cheaper one, which is judged on what was left out."""

    def fit(self, training: Training, progress: Progress = silent) -> FittedLearner:
        """See `gwkeras.methods.priors.learners.teacher.teach`."""
        return teach(
            self.label, training, self.time_constants, self.settings, self.learn, self.draft, progress, located=self.located
        )

    def load(self, folder: Path, training: Training) -> FittedLearner:
        """What `FittedLearner.save` has kept.

        Raises: BadInput: where the folder holds no such prior.
        """
        return FittedLearner.load(folder)
