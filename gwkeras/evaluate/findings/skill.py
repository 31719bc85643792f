"""How much better than interpolation, and whether that could be chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from gwkeras.evaluate.findings.bootstrap import block_length, drawn_sums, monthly_sums, resampled
from gwkeras.evaluate.stored.evaluation import ALL, Evaluation
from gwkeras.methods.baselines import BASELINES

_ROUNDING = 1e-9  # of a squared error

INTERPOLATIONS = tuple(method.name for method in BASELINES)
"""Names of the methods that see nothing but the product."""


@dataclass(frozen=True)
class Skill:
    """A method beside the best interpolation.

    Args:
        best: name of the interpolation with the least RMSE.
        ratio: RMSE over that interpolation's; below 1 is better.
        low: lower bound of its 90 % confidence interval; NaN where months are too few.
        high: upper bound.
        p_value: of the paired test, two-sided; NaN where months are too few.
        months_better: share of the months in which the method's RMSE is less.
    """

    best: str
    ratio: float
    low: float
    high: float
    p_value: float
    months_better: float


def best_interpolation(evaluation: Evaluation, group: str = ALL) -> str | None:
    """The interpolation with the least RMSE; None where none was judged.

    One without any error is itself the target (the paper's), and is left out where there are others.
    """
    scores = evaluation.scores_of(group)
    known = [(scores[name]["rmse"], name) for name in INTERPOLATIONS if name in scores and np.isfinite(scores[name]["rmse"])]
    return min([each for each in known if each[0] > 0] or known)[1] if known else None


def skill_of(evaluation: Evaluation, method: str, group: str = ALL) -> Skill | None:
    """Of one method; None where no interpolation was scored, or only exact ones.

    Args:
        evaluation: as stored.
        method: its name.
        group: of cells.
    """
    best = best_interpolation(evaluation, group)
    if best is None:
        return None
    ours, theirs = (monthly_sums(evaluation, name, group) for name in (method, best))
    if not theirs["squared"].sum() > 0 or not ours["weight"].sum() > 0:
        return None
    draws = resampled(len(evaluation.months))
    low = high = p_value = float("nan")
    if draws is not None:
        a, b = drawn_sums(ours, draws), drawn_sums(theirs, draws)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.sqrt((a["squared"] / a["weight"]) / (b["squared"] / b["weight"]))
        if np.isfinite(ratios).all():
            low, high = (float(v) for v in np.quantile(ratios, [0.05, 0.95]))
    judged = (ours["weight"] > 0) & (theirs["weight"] > 0)
    mine, other = (s["squared"][judged] / s["weight"][judged] for s in (ours, theirs))
    if draws is not None and method != best:
        p_value = paired_test(mine - other, block_length(len(evaluation.months)))
    total = np.sqrt((ours["squared"].sum() / ours["weight"].sum()) / (theirs["squared"].sum() / theirs["weight"].sum()))
    return Skill(best, float(total), low, high, p_value, float((mine < other * (1.0 - _ROUNDING)).mean()))


def paired_test(differences: np.ndarray, length: int) -> float:
    """Two-sided probability of a mean as far from 0 by chance, where neighbours within `length` months are correlated.

    Diebold and Mariano's test with the correction of Harvey, Leybourne and Newbold for short records; with a length of 1 it is
    Student's paired t test. Where the plain sum of autocovariances is negative, Bartlett's weights take its place.
    Source: doi 10.1016/S0169-2070(96)00719-4.

    Args:
        differences: (n,) of squared errors, month by month.
        length: number of months assumed to be correlated, 1 or more.
    """
    count = len(differences)
    if count < 3 or length >= count:
        return float("nan")
    mean = differences.mean()
    around = differences - mean
    covariances = np.array([around[lag:] @ around[: count - lag] / count for lag in range(length)])
    variance = covariances[0] + 2.0 * covariances[1:].sum()
    if variance <= 0:
        variance = covariances[0] + 2.0 * (covariances[1:] * (1.0 - np.arange(1, length) / length)).sum()
    if variance <= 0:
        return float("nan") if mean == 0 else 0.0
    shortened = (count + 1 - 2 * length + length * (length - 1) / count) / count
    statistic = mean / np.sqrt(variance / count) * np.sqrt(max(shortened, 0.0))
    return float(2.0 * stats.t.sf(abs(statistic), count - 1))
