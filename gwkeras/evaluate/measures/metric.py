"""What a score is: integrands that are summed over cells, and what the sums say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Sums = Mapping[str, Any]
"""Name of an integrand -> Σ weight × integrand, a number or an array of any shape; with "weight" and "cells" beside them."""


@dataclass(frozen=True)
class Cells:
    """One month of one method at the n cells that count, all (n,) float64.

    Args:
        predicted: mm.
        truth: mm.
        sigma: standard deviation of the prediction, mm; None: it claims to be exact.
        lower: bound of the interval whose coverage is counted, mm; None: there is no interval.
        upper: likewise.
        quantiles: (probability, factor) of |prediction − truth| / σ as the method states them; empty: errors are Normal.
    """

    predicted: np.ndarray
    truth: np.ndarray
    sigma: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    quantiles: tuple[tuple[float, float], ...] = ()

    @cached_property
    def error(self) -> np.ndarray:
        """Prediction − truth, mm."""
        return self.predicted - self.truth

    def at(self, chosen: np.ndarray) -> Cells:
        """Those where `chosen`, of their shape, holds; as float64."""
        sigma, lower, upper = (None if v is None else v[chosen].astype(np.float64) for v in (self.sigma, self.lower, self.upper))
        predicted, truth = (v[chosen].astype(np.float64) for v in (self.predicted, self.truth))
        return Cells(predicted, truth, sigma, lower, upper, self.quantiles)


@dataclass(frozen=True)
class Integrand:
    """What a sum is made of.

    Args:
        name: of the sum.
        unit: of the integrand; that of the sum has km² beside it.
        of: values at the cells (n,); booleans are counted by the weight of the cells where they hold.
    """

    name: str
    unit: str
    of: Callable[[Cells], np.ndarray]


@dataclass(frozen=True)
class Metric:
    """One score.

    Args:
        key: as in evaluation.nc and summary.json.
        heading: of its column in tables, without the unit.
        unit: "1" for shares and correlations.
        decimals: shown in tables.
        meaning: one phrase.
        integrands: the sums that it needs.
        value: the score from the sums, for numbers and arrays alike; NaN where there is none.
        of_interval: it judges intervals of a stated probability, which key and heading then name by "{percent}".
        brief: whether it stands in the table on the terminal and at the head of the report; all stand further down.
        of_sigma: whether it judges the standard deviation, and stands with the error bars in the report.
        mapped: whether evaluation.nc holds it for every cell over all months, too.
    """

    key: str
    heading: str
    unit: str
    decimals: int
    meaning: str
    integrands: tuple[Integrand, ...]
    value: Callable[[Sums], Any]
    of_interval: bool = False
    brief: bool = True
    mapped: bool = False
    of_sigma: bool = False


@dataclass(frozen=True)
class Column:
    """A metric as a table has it: with the probability of the interval where it judges one."""

    metric: Metric
    interval: float | None = None

    @property
    def key(self) -> str:
        return self.metric.key.format(percent=_percent(self.interval))

    @property
    def heading(self) -> str:
        unit = "" if self.metric.unit == "1" else f" {self.metric.unit}"
        return self.metric.heading.format(percent=_percent(self.interval)) + unit

    def text(self, value: float | None) -> str:
        """The score as it stands in a table; a dash where there is none."""
        return "–" if value is None or not np.isfinite(value) else f"{value:z.{self.metric.decimals}f}"


def evaluated(metric: Metric, sums: Sums) -> np.ndarray:
    """A score from its sums; NaN where there is nothing to judge."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(metric.value(sums), dtype=np.float64)


def mean_of(name: str) -> Callable[[Sums], Any]:
    """The mean of an integrand, weighted."""
    return lambda sums: sums[name] / sums["weight"]


def _percent(interval: float | None) -> str:
    return "" if interval is None else f"{100 * interval:.6g}"
