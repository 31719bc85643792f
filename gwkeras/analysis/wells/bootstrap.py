"""Intervals of medians and shares over correlated groups: wells in one product cell share the product's errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A number and where it lies.

    Args:
        value: of all together; NaN where there are none.
        lower: bound of the interval; NaN where there are fewer than two groups.
        upper: the other bound.
        number: of values.
        groups: they come from.
    """

    value: float
    lower: float
    upper: float
    number: int
    groups: int


def median_of(values: np.ndarray, groups: np.ndarray, *, draws: int, interval: float, seed: int) -> Interval:
    """The median, with an interval from a bootstrap over groups.

    Args:
        values: (n,) NaN are left out.
        groups: (n,) whole numbers: which group each value belongs to.
        draws: of the bootstrap.
        interval: probability.
        seed: of the draws.
    """
    return _bootstrapped(values, groups, draws, interval, seed, _weighted_medians)


def share_above_zero(values: np.ndarray, groups: np.ndarray, *, draws: int, interval: float, seed: int) -> Interval:
    """The share of values above zero, as `median_of`.

    Args:
        values: (n,) NaN are left out.
        groups: (n,) as there.
        draws: of the bootstrap.
        interval: probability.
        seed: of the draws.
    """
    known = np.isfinite(values)
    above = np.where(known, values > 0, np.nan)
    return _bootstrapped(above, groups, draws, interval, seed, lambda v, w: (w @ v) / w.sum(axis=1))


def _bootstrapped(values, groups, draws, interval, seed, statistic) -> Interval:
    known = np.isfinite(values)
    values, groups = values[known], np.unique(groups[known], return_inverse=True)[1]
    count = int(groups.max()) + 1 if groups.size else 0
    if not values.size:
        return Interval(np.nan, np.nan, np.nan, 0, 0)
    whole = float(statistic(values, np.ones((1, values.size)))[0])
    if count < 2:
        return Interval(whole, np.nan, np.nan, values.size, count)
    rng = np.random.default_rng(seed)
    found = []
    step = max(1, 20_000_000 // values.size)  # draws at a time, so that memory does not follow the number of wells
    for start in range(0, draws, step):
        times = rng.multinomial(count, np.full(count, 1.0 / count), size=min(step, draws - start))
        found.append(statistic(values, times[:, groups].astype(float)))
    lower, upper = np.quantile(np.concatenate(found), [(1 - interval) / 2, (1 + interval) / 2])
    return Interval(whole, float(lower), float(upper), values.size, count)


def _weighted_medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(draws,) medians of values taken as often as (draws, n) whole weights say; the mean of the middle two of an even number."""
    order = np.argsort(values, kind="stable")
    ordered, summed = values[order], np.cumsum(weights[:, order], axis=1)
    total = summed[:, -1:]
    low = (summed < np.floor((total + 1) / 2)).sum(axis=1)
    high = (summed < np.floor(total / 2) + 1).sum(axis=1)
    return (ordered[low] + ordered[high]) / 2
