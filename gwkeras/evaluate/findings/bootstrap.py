"""Confidence intervals by resampling blocks of months: errors of neighbouring months are alike, and so are those of one map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gwkeras.evaluate.measures.metric import Column, Sums, evaluated
from gwkeras.evaluate.stored.evaluation import ALL, Evaluation, sums_kept

BLOCK_MONTHS = 6
"""Length of a block: half a seasonal cycle."""

_RESAMPLES = 2000
_LEAST_BLOCKS = 4  # fewer say nothing of how months vary


def block_length(months: int) -> int:
    """Months in a block: `BLOCK_MONTHS`, or fewer where there would not be four blocks; 0 where there are too few months."""
    return min(BLOCK_MONTHS, months // _LEAST_BLOCKS)


def resampled(months: int, seed: int = 0, count: int = _RESAMPLES) -> np.ndarray | None:
    """(count, months) how often each month is drawn; None where there are too few months.

    Blocks of consecutive months are drawn with replacement, the first following the last, until as many months are drawn as there
    are (circular block bootstrap). Source: Politis & Romano 1992, in Exploring the Limits of Bootstrap, 263–270.

    Args:
        months: how many were judged.
        seed: of the draws.
        count: of resamples.
    """
    length = block_length(months)
    if length == 0:
        return None
    blocks = -(-months // length)
    starts = np.random.default_rng(seed).integers(months, size=(count, blocks))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(count, -1)[:, :months] % months
    found = np.zeros((count, months))
    np.add.at(found, (np.arange(count)[:, None], drawn), 1.0)
    return found


def monthly_sums(evaluation: Evaluation, method: str, group: str = ALL) -> Sums:
    """Name -> (months,) sums of a method."""
    row = evaluation.methods.index(method)
    return {name: evaluation.data[f"sum_{name}"].sel(cells=group).values[row] for name in sums_kept()}


def confidence(
    evaluation: Evaluation, column: Column, method: str, group: str = ALL, probability: float = 0.9
) -> tuple[float, float] | None:
    """Bounds between which a score lies in that share of the resamples; None where months or scores are too few.

    Args:
        evaluation: as stored.
        column: the score.
        method: its name.
        group: of cells.
        probability: of the interval.
    """
    draws = resampled(len(evaluation.months))
    if draws is None:
        return None
    values = evaluated(column.metric, drawn_sums(monthly_sums(evaluation, method, group), draws))
    if not np.isfinite(values).all():
        return None
    low, high = np.quantile(values, [0.5 - probability / 2, 0.5 + probability / 2])
    return float(low), float(high)


def drawn_sums(sums: Mapping[str, np.ndarray], draws: np.ndarray) -> dict[str, np.ndarray]:
    """Name -> (resamples,) sums over the months drawn.

    Args:
        sums: name -> (months,).
        draws: (resamples, months); see `resampled`.
    """
    return {name: draws @ np.asarray(values, np.float64) for name, values in sums.items()}
