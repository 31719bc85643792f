"""What a stored evaluation says of a method's error bars, for any class of cells and any season."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gwkeras.evaluate.findings.classes import SEASONS
from gwkeras.evaluate.measures.error_bars import ERROR_BARS
from gwkeras.evaluate.measures.metric import evaluated
from gwkeras.evaluate.measures.scores import Scores
from gwkeras.evaluate.measures.spread import constant_crps, quartiles
from gwkeras.evaluate.stored.evaluation import ALL, Evaluation


@dataclass(frozen=True)
class Diagnosis:
    """Error bars of one method in one class.

    Args:
        figures: key of a metric of `ERROR_BARS` -> its value; NaN where there is none.
        crps: mm.
        constant_crps: mm, of the same means with one constant σ, as large as the root mean square error.
        quartiles: (4, 2) root mean square of σ and of the error, mm, in quarters of the land, smallest σ first.
    """

    figures: dict[str, float]
    crps: float
    constant_crps: float
    quartiles: np.ndarray

    @property
    def crps_gain(self) -> float:
        """By how much the CRPS is lower than with one constant σ, as a share."""
        return 1.0 - self.crps / self.constant_crps

    @property
    def slope(self) -> float:
        """Rise of the error with σ between its lowest and its highest quarter: 1 where σ is right, 0 where it says nothing."""
        low, high = self.quartiles[0], self.quartiles[-1]
        return float((high[1] - low[1]) / (high[0] - low[0])) if high[0] > low[0] else float("nan")


def diagnosis(evaluation: Evaluation, method: str, group: str = ALL, season: str | None = None) -> Diagnosis | None:
    """Of one method; None where it states no σ, or nothing was judged.

    Args:
        evaluation: as stored.
        method: its name.
        group: of cells, one of `evaluation.groups`.
        season: one of `SEASONS`; None: the whole year.
    """
    months = None if season is None else evaluation.season_months(season)
    if months is not None and not months:
        return None
    scores: Scores = evaluation.scores_of(group, months)[method]
    if not scores.sums["stated"] > 0:
        return None
    spread = evaluation.spread_of(method, group, season)
    figures = {metric.key: float(evaluated(metric, scores.sums)) for metric in ERROR_BARS}
    return Diagnosis(figures, scores["crps"], constant_crps(spread), quartiles(spread))


def by_class(evaluation: Evaluation, method: str) -> Iterator[tuple[str, Diagnosis]]:
    """(class, diagnosis) over all cells, then by set of cells, then by season."""
    for group in evaluation.groups:
        if (found := diagnosis(evaluation, method, group)) is not None:
            yield group, found
    for season in SEASONS:
        if (found := diagnosis(evaluation, method, season=season)) is not None:
            yield season, found
