"""The scores of methods, each one entry of `METRICS`: what is summed over cells, and the score that follows.

A score is never computed from whole fields but from sums of weight × integrand, so that a record of any length fits in memory
and any aggregate (months, blocks, patches, single cells) can be formed later from the sums that are stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.special import ndtr

from gwkeras.evaluate.measures.error_bars import ERROR_BARS
from gwkeras.evaluate.measures.metric import Cells, Column, Integrand, Metric, Sums, mean_of

_ROUNDING = 1e-12  # of a sum of squares


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
    Metric("mae", "MAE", "mm", 2, "mean absolute error", (ABSOLUTE,), mean_of("absolute"), mapped=True),
    Metric("bias", "bias", "mm", 2, "mean of prediction less truth", (ERROR,), mean_of("error"), brief=False, mapped=True),
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
        mean_of("ranked"),
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
    *ERROR_BARS,
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


def known_column(key: str) -> Column:
    """The column of a key that is one of ours; see `column_of`."""
    found = column_of(key)
    if found is None:
        raise KeyError(key)
    return found


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
