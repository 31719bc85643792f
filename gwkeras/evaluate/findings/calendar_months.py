"""Scores and mean storage by calendar month, from the sums by month that evaluation.nc holds."""

from __future__ import annotations

import numpy as np

from gwkeras.core.months import calendar_month
from gwkeras.evaluate.measures.metric import Column, Sums
from gwkeras.evaluate.stored.evaluation import ALL, Evaluation

NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


def score_by_calendar_month(evaluation: Evaluation, column: Column, group: str = ALL) -> np.ndarray:
    """(methods, 12) a score over all months of a name; NaN where none was judged."""
    numbers = calendar_month(evaluation.months) - 1
    found = np.full((len(evaluation.methods), 12), np.nan)
    for number in np.unique(numbers):
        scores = evaluation.scores_of(group, list(np.flatnonzero(numbers == number)))
        for row, method in enumerate(evaluation.methods):
            value = scores[method].value(column)
            found[row, number] = np.nan if value is None else value
    return found


def mean_by_calendar_month(evaluation: Evaluation, name: str, group: str = ALL) -> np.ndarray:
    """(methods, 12) mean over cells and years, mm, of "truth" or "predicted"; NaN where none was judged."""
    numbers = calendar_month(evaluation.months) - 1
    sums: Sums = {key: evaluation.data[f"sum_{key}"].sel(cells=group).values for key in (name, "weight")}
    chosen = (numbers[:, None] == np.arange(12)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (sums[name] @ chosen) / (sums["weight"] @ chosen)
