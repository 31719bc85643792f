"""The random forest prior (Breiman 2001, doi 10.1023/A:1010933404324): storage by memories and maps, averaged over many trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.domain.memories.exponential import TIME_CONSTANTS
from gwkeras.methods.priors.learners.learner import Learner
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.learners.trees import Trees

_LEAVES = (20.0, 200.0)  # rows in a leaf at least, of which one is chosen
_ROWS, _ROWS_LEFT_OUT = 60_000, 20_000  # learned from in the end, and while parts are left out
_SHARE = 0.2  # of these rows, that a tree is grown on


@dataclass(frozen=True)
class Forest(Learner):
    """f by a random forest on memories of the climate and maps, taught through the product's operator.

    Args:
        trees: of the forest.
        time_constants: of the memories, months.
    """

    trees: int = key(40, "of the forest", at_least=1, at_most=1000)
    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)

    label: ClassVar[str] = "forest"
    settings: ClassVar[tuple[float, ...]] = _LEAVES

    def learn(self, sample: Sample, setting: float, seed: int) -> Trees:
        """See `Learner.learn`."""
        return self._grown(sample, setting, seed, _ROWS)

    def draft(self, sample: Sample, setting: float, seed: int) -> Trees:
        """See `Learner.draft`."""
        return self._grown(sample, setting, seed, _ROWS_LEFT_OUT)

    def _grown(self, sample: Sample, leaf: float, seed: int, most: int) -> Trees:
        from sklearn.ensemble import RandomForestRegressor

        rows, values = sample.drawn(most, np.random.default_rng(seed))
        forest = RandomForestRegressor(
            self.trees,
            min_samples_leaf=max(1, min(int(leaf), len(rows) // 50)),
            max_features=1 / 3,
            max_samples=_SHARE,
            random_state=seed,
            n_jobs=1,
        ).fit(rows, values)
        grown = [tree.tree_ for tree in forest.estimators_]
        return Trees.joined(
            rows.shape[1],
            [(t.children_left, t.children_right, t.feature, t.threshold, t.value.ravel() / len(grown)) for t in grown],
        )
