"""The scores that methods are judged by, each one entry of `METRICS`: what is summed over cells, and what the sums say.

A score is never computed from whole fields but from sums of weight × integrand, so that a record of any length fits in memory
and any aggregate (months, blocks, patches, single cells) can be formed later from the sums that are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr

Sums = Mapping[str, Any]
"""Name of an integrand -> Σ weight × integrand, a number or an array of any shape; with "weight" and "cells" beside them."""

_ROUNDING = 1e-12  # of a sum of squares


@dataclass(frozen=True)
class Cells:
    """One month of one method at the n cells that count, all (n,) float64.

    Args:
        predicted: mm.
        truth: mm.
        sigma: standard deviation of the prediction, mm; None: it claims to be exact.
        lower: bound of the interval whose coverage is counted, mm; None: there is no interval.
        upper: likewise.
    """

    predicted: np.ndarray
    truth: np.ndarray
    sigma: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None

    @cached_property
    def error(self) -> np.ndarray:
        """Prediction − truth, mm."""
        return self.predicted - self.truth


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
        return "–" if value is None or not np.isfinite(value) else f"{value:.{self.metric.decimals}f}"


def crps(error: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of Normal predictions, in the unit of `error`; |error| where σ is 0.

    σ [z (2Φ(z) − 1) + 2φ(z) − 1/√π], z = error / σ. Source: Gneiting et al. 2005, doi 10.1175/MWR2904.1.
    """
    z = np.divide(error, sigma, out=np.zeros_like(error), where=sigma > 0)
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    return np.where(sigma > 0, sigma * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi)), np.abs(error))


def _covered(cells: Cells) -> np.ndarray:
    if cells.lower is None or cells.upper is None:
        return np.zeros(cells.truth.shape, bool)
    return (cells.lower <= cells.truth) & (cells.truth <= cells.upper)


SQUARED = Integrand("squared", "mm2", lambda c: c.error**2)
ABSOLUTE = Integrand("absolute", "mm", lambda c: np.abs(c.error))
ERROR = Integrand("error", "mm", lambda c: c.error)
RANKED = Integrand("ranked", "mm", lambda c: np.abs(c.error) if c.sigma is None else crps(c.error, c.sigma))
TRUTH = Integrand("truth", "mm", lambda c: c.truth)
TRUTH_SQUARED = Integrand("truth_squared", "mm2", lambda c: c.truth**2)
PREDICTED = Integrand("predicted", "mm", lambda c: c.predicted)
PREDICTED_SQUARED = Integrand("predicted_squared", "mm2", lambda c: c.predicted**2)
PRODUCT = Integrand("product", "mm2", lambda c: c.predicted * c.truth)
COVERED = Integrand("covered", "1", _covered)
BOUNDED = Integrand("bounded", "1", lambda c: np.full(c.truth.shape, c.lower is not None and c.upper is not None))


def _mean(name: str) -> Callable[[Sums], Any]:
    return lambda sums: sums[name] / sums["weight"]


def _spread(sums: Sums, name: str) -> Any:
    """Σw(x − x̄)²; NaN where x varies by no more than rounding."""
    spread = sums[f"{name}_squared"] - sums[name] ** 2 / sums["weight"]
    return np.where(spread > _ROUNDING * sums[f"{name}_squared"], spread, np.nan)


def _r2(sums: Sums) -> Any:
    return 1.0 - sums["squared"] / _spread(sums, "truth")


def _correlation(sums: Sums) -> Any:
    together = sums["product"] - sums["predicted"] * sums["truth"] / sums["weight"]
    return together / np.sqrt(_spread(sums, "predicted") * _spread(sums, "truth"))


def _kge(sums: Sums) -> Any:
    spread = _spread(sums, "truth")
    alpha = np.sqrt(_spread(sums, "predicted") / spread)
    beta = sums["error"] / sums["weight"] / np.sqrt(spread / sums["weight"])
    return 1.0 - np.sqrt((_correlation(sums) - 1.0) ** 2 + (alpha - 1.0) ** 2 + beta**2)


_MOMENTS = (TRUTH, TRUTH_SQUARED, PREDICTED, PREDICTED_SQUARED, PRODUCT)

METRICS: tuple[Metric, ...] = (
    Metric(
        "rmse", "RMSE", "mm", 2, "root mean square error", (SQUARED,), lambda s: np.sqrt(s["squared"] / s["weight"]), mapped=True
    ),
    Metric("mae", "MAE", "mm", 2, "mean absolute error", (ABSOLUTE,), _mean("absolute"), mapped=True),
    Metric("bias", "bias", "mm", 2, "mean of prediction less truth", (ERROR,), _mean("error"), brief=False, mapped=True),
    Metric(
        "r2",
        "R²",
        "1",
        4,
        "1 - squared error / variance of the truth, over all its cells and months (Nash-Sutcliffe efficiency)",
        (SQUARED, TRUTH, TRUTH_SQUARED),
        _r2,
    ),
    Metric(
        "crps",
        "CRPS",
        "mm",
        2,
        "continuous ranked probability score, which judges mean and standard deviation; the MAE without one",
        (RANKED,),
        _mean("ranked"),
    ),
    Metric(
        "coverage_{percent}",
        "{percent} % coverage",
        "1",
        3,
        "share of the truth inside the interval",
        (COVERED, BOUNDED),
        lambda s: s["covered"] / s["bounded"],
        of_interval=True,
        mapped=True,
    ),
    Metric(
        "correlation", "correlation", "1", 4, "Pearson correlation of prediction and truth", _MOMENTS, _correlation, brief=False
    ),
    # KGE″: an anomaly's mean is near zero, so the bias is measured by the truth's standard deviation, not by its mean.
    # Source: Tang, Clark & Papalexiou 2021, doi 10.1175/JCLI-D-21-0067.1.
    Metric("kge", "KGE″", "1", 4, "modified Kling-Gupta efficiency", (*_MOMENTS, ERROR), _kge, brief=False),
)
"""All scores, in the order of tables. One entry more is one score more wherever scores are stored, tabled or reported."""


def integrands(mapped: bool = False) -> dict[str, Integrand]:
    """Every integrand that a metric needs, by name; `mapped`: only those of the metrics that are mapped.

    Raises: ValueError: where two integrands share a name.
    """
    found: dict[str, Integrand] = {}
    for integrand in (i for metric in METRICS if metric.mapped or not mapped for i in metric.integrands):
        if found.setdefault(integrand.name, integrand) is not integrand:
            raise ValueError(f"two integrands are named {integrand.name}")
    return found


def columns(intervals: Iterable[float] = ()) -> tuple[Column, ...]:
    """All metrics as columns, those of intervals once for each probability; 90 % where no method has an interval."""
    probabilities = sorted(set(intervals)) or [0.9]
    return tuple(Column(m, p) for m in METRICS for p in (probabilities if m.of_interval else [None]))


def column_of(key: str) -> Column | None:
    """The column of a key as summary.json has it, such as "rmse" or "coverage_90"; None for an unknown one."""
    for metric in METRICS:
        before, interval, after = metric.key.partition("{percent}")
        inner = key[len(before) : len(key) - len(after)]
        if not interval and key == metric.key:
            return Column(metric)
        if interval and key.startswith(before) and key.endswith(after) and inner.replace(".", "", 1).isdecimal():
            return Column(metric, float(inner) / 100)
    return None


def evaluated(metric: Metric, sums: Sums) -> np.ndarray:
    """A score from its sums; NaN where there is nothing to judge."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(metric.value(sums), dtype=np.float64)


def _percent(interval: float | None) -> str:
    return "" if interval is None else f"{100 * interval:.6g}"
