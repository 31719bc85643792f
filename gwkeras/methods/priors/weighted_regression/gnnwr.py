"""The GNNWR prior: coefficients on the climate's memories that vary with place, as a network learns them from proximity.

After Du et al. (2020, doi 10.1080/13658816.2019.1707834). Taught through the product's operator and in its metric, which is
nearly exact, since the regression is linear in what the operator averages and its coefficients vary smoothly. Beside proximity
the weights follow the maps: what lies below a product cell differs by soil and height, and hardly by distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gwkeras.core.config.key import key
from gwkeras.domain.memories.exponential import TIME_CONSTANTS
from gwkeras.methods.priors.learners.learner import Learner
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.weighted_regression.local_memories import LocalMemories

_STRENGTHS = (100.0,)  # of the ridge that global coefficients come from


@dataclass(frozen=True)
class GNNWR(Learner):
    """f by a linear regression on memories of the climate whose coefficients vary with place and maps.

    Args:
        members: networks that differ in their start, averaged.
        references: points that proximity is measured to.
        epochs: passes over the months.
        time_constants: of the memories, months.
    """

    members: int = key(4, "number of networks with different initial weights, averaged", at_least=1, at_most=100)
    references: int = key(100, "number of reference points for proximity", at_least=1, at_most=10000)
    epochs: int = key(15, "passes over the months", at_least=1, at_most=10000)
    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)

    label: ClassVar[str] = "GNNWR"
    settings: ClassVar[tuple[float, ...]] = _STRENGTHS
    located: ClassVar[bool] = True
    timed: ClassVar[bool] = False

    def learn(self, sample: Sample, setting: float, seed: int) -> LocalMemories:
        """See `Learner.learn`."""
        return self._trained(sample, setting, seed, self.members)

    def draft(self, sample: Sample, setting: float, seed: int) -> LocalMemories:
        """See `Learner.draft`."""
        return self._trained(sample, setting, seed, 1)

    def _trained(self, sample: Sample, strength: float, seed: int, members: int) -> LocalMemories:
        from gwkeras.methods.priors.weighted_regression.learning import Sizes, learn_local_memories

        return learn_local_memories(
            sample, strength, seed, Sizes(sample.memories, self.timed, members, self.references, self.epochs)
        )
