"""Exact Shapley values of a few groups of inputs, for anything that can be asked with some of them replaced by the usual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

MOST_GROUPS = 10
"""A thousand coalitions; more groups are to be joined."""


@dataclass(frozen=True)
class Attribution:
    """What each group adds to a prediction.

    Args:
        names: of the groups.
        values: (group, ...) in the prediction's unit.
        usual: (...) the prediction with all groups as usual.
        predicted: (...) the prediction itself: usual + Σ values.
    """

    names: tuple[str, ...]
    values: np.ndarray
    usual: np.ndarray
    predicted: np.ndarray

    @property
    def gap(self) -> float:
        """Largest |usual + Σ values − predicted|: 0 but for rounding where the values are Shapley's."""
        rest = np.abs(self.usual + self.values.sum(axis=0) - self.predicted)
        return float(np.nanmax(rest, initial=0.0))


def shapley(
    names: Sequence[str],
    asked: Callable[[frozenset[str]], np.ndarray],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Attribution:
    """φ_i = Σ over coalitions S without i of |S|! (K − |S| − 1)! / K! · (v(S ∪ i) − v(S)).

    Each of the 2^K coalitions is asked once. Source: Shapley 1953; for models Lundberg & Lee 2017, arXiv 1705.07874, equation 8.

    Args:
        names: of the K groups.
        asked: groups as they are, the others as usual -> prediction, an array of any one shape.
        progress: called with the number of coalitions done and in all.
    Raises: ValueError: where there are too many groups.
    """
    count = len(names)
    if not 1 <= count <= MOST_GROUPS:
        raise ValueError(f"{count} groups: 1 to {MOST_GROUPS} can be told apart")
    total, done = 2**count, 0
    values: np.ndarray | None = None
    usual = predicted = np.zeros(())
    for size in range(count + 1):
        inside = factorial(size - 1) * factorial(count - size) / factorial(count) if size else 0.0
        outside = factorial(size) * factorial(count - size - 1) / factorial(count) if size < count else 0.0
        for chosen in combinations(range(count), size):
            found = np.asarray(asked(frozenset(names[k] for k in chosen)), dtype=float)
            values = np.zeros((count, *found.shape)) if values is None else values
            for k in range(count):
                values[k] += inside * found if k in chosen else -outside * found
            usual = found if size == 0 else usual
            predicted = found if size == count else predicted
            done += 1
            progress(done, total)
    assert values is not None
    return Attribution(tuple(names), values, usual, predicted)
