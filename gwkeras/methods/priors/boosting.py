"""The boosting prior: trees that each learn what those before have left (Friedman 2001, doi 10.1214/aos/1013203451)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.domain.memories.exponential import TIME_CONSTANTS
from gwkeras.methods.priors.learners.learner import Learner
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.learners.trees import Trees

_ROUNDS = (30.0, 120.0)  # trees, of which one number is chosen
_ROWS, _ROWS_LEFT_OUT = 60_000, 24_000  # learned from in the end, and while parts are left out
_AGREEMENT = 1e-3  # of the values' deviation, within which the trees as kept answer as scikit-learn does


@dataclass(frozen=True)
class Boosting(Learner):
    """f by gradient boosting on histograms of memories and maps, taught through the product's operator.

    Args:
        leaves: of a tree, at most.
        rate: of learning.
        time_constants: of the memories, months.
    """

    leaves: int = key(15, "of a tree, at most", at_least=2, at_most=1000)
    rate: float = key(0.1, "of learning", unit="1", above=0, at_most=1)
    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)

    label: ClassVar[str] = "boosting"
    settings: ClassVar[tuple[float, ...]] = _ROUNDS

    def learn(self, sample: Sample, setting: float, seed: int) -> Trees:
        """See `Learner.learn`."""
        return self._boosted(sample, setting, seed, _ROWS)

    def draft(self, sample: Sample, setting: float, seed: int) -> Trees:
        """See `Learner.draft`."""
        return self._boosted(sample, setting, seed, _ROWS_LEFT_OUT)

    def _boosted(self, sample: Sample, rounds: float, seed: int, most: int) -> Trees:
        from sklearn.ensemble import HistGradientBoostingRegressor

        rows, values = sample.drawn(most, np.random.default_rng(seed))
        boosted = HistGradientBoostingRegressor(
            max_iter=int(rounds),
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=max(1, min(100, len(rows) // 20)),
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        ).fit(rows, values)
        # A tree without a split, for the mean that boosting starts from, then the trees: their nodes are not public, so a check.
        stump = (np.array([-1]), np.array([-1]), np.array([0]), np.array([0.0]), np.array([float(values.mean())]))
        nodes = [part[0].nodes for part in boosted._predictors]
        leaf = [n["is_leaf"].astype(bool) for n in nodes]
        trees = [
            (
                np.where(end, -1, n["left"].astype(np.int64)),
                np.where(end, -1, n["right"].astype(np.int64)),
                n["feature_idx"].astype(np.int64),
                n["num_threshold"],
                np.where(end, n["value"], 0.0),
            )
            for n, end in zip(nodes, leaf, strict=True)
        ]
        result = Trees.joined(rows.shape[1], [stump, *trees])
        some = rows[:: max(1, len(rows) // 500)]
        apart = np.abs(result(some) - boosted.predict(some)).max()
        if apart > _AGREEMENT * values.std() + 1e-9:
            raise RuntimeError(f"scikit-learn keeps its boosted trees in another way: answers differ by {apart:g} mm")
        return result
