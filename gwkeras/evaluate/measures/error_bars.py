"""Scores of standard deviations: whether they hold on average, and whether they are large where errors are.

All follow from sums over cells, so they can be had for any class of cells and months. Methods without σ have none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from gwkeras.evaluate.measures.metric import Cells, Integrand, Metric, Sums

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Probabilities of the intervals whose coverage is counted."""

_ROUNDING = 1e-12  # of a mean square


def half_width(cells: Cells, probability: float) -> np.ndarray:
    """(n,) half width of the interval of any probability, mm: as the method states it, else as if errors were Normal.

    Args:
        cells: with σ.
        probability: between 0 and 1.
    """
    assert cells.sigma is not None
    known = cells.quantiles
    if known and known[0][0] <= probability <= known[-1][0]:
        return cells.sigma * np.interp(probability, *np.transpose(known))
    return cells.sigma * NormalDist().inv_cdf(0.5 + probability / 2)


def attainable_correlation(variation: Any) -> Any:
    """The highest correlation of σ and |error| that a calibrated Normal can have: √(2/π) c / √(1 + c² − 2/π).

    It follows from |error| = σ |z| with z Normal and independent of σ.

    Args:
        variation: c, standard deviation of σ over its mean.

    >>> round(float(attainable_correlation(0.5)), 2)
    0.51
    """
    return np.sqrt(2 / np.pi) * variation / np.sqrt(1 + variation**2 - 2 / np.pi)


def _with_sigma(values: Callable[[Cells, np.ndarray], np.ndarray]) -> Callable[[Cells], np.ndarray]:
    """Zero where the method has no σ."""
    return lambda cells: np.zeros(cells.truth.shape) if cells.sigma is None else values(cells, cells.sigma)


def _within(probability: float) -> Integrand:
    def of(cells: Cells) -> np.ndarray:
        if cells.sigma is None:
            return np.zeros(cells.truth.shape, bool)
        return np.abs(cells.error) <= half_width(cells, probability)

    return Integrand(f"within_{100 * probability:g}", "1", of)


STATED = Integrand("stated", "1", lambda c: np.full(c.truth.shape, c.sigma is not None))
SIGMA = Integrand("sigma", "mm", _with_sigma(lambda c, sigma: sigma))
SIGMA_SQUARED = Integrand("sigma_squared", "mm2", _with_sigma(lambda c, sigma: sigma**2))
ERROR_SQUARED = Integrand("stated_squared", "mm2", _with_sigma(lambda c, sigma: c.error**2))
MAGNITUDE = Integrand("stated_absolute", "mm", _with_sigma(lambda c, sigma: np.abs(c.error)))
SIGMA_MAGNITUDE = Integrand("sigma_absolute", "mm2", _with_sigma(lambda c, sigma: sigma * np.abs(c.error)))
STANDARDISED = Integrand(
    "standardised",
    "1",
    _with_sigma(lambda c, sigma: np.divide(c.error, sigma, out=np.zeros_like(sigma), where=sigma > 0) ** 2),
)


def _variance(squares: Any, total: Any, weight: Any) -> Any:
    """Of something over cells; NaN where it varies by no more than rounding."""
    mean_square = squares / weight
    found = mean_square - (total / weight) ** 2
    return np.where(found > _ROUNDING * mean_square, found, np.nan)


def _correlation(sums: Sums) -> Any:
    weight = sums["stated"]
    together = sums["sigma_absolute"] / weight - sums["sigma"] * sums["stated_absolute"] / weight**2
    sigma = _variance(sums["sigma_squared"], sums["sigma"], weight)
    error = _variance(sums["stated_squared"], sums["stated_absolute"], weight)
    return together / np.sqrt(sigma * error)


def _attainable(sums: Sums) -> Any:
    variance = _variance(sums["sigma_squared"], sums["sigma"], sums["stated"])
    return attainable_correlation(np.sqrt(variance) / (sums["sigma"] / sums["stated"]))


_MOMENTS = (STATED, SIGMA, SIGMA_SQUARED, ERROR_SQUARED, MAGNITUDE, SIGMA_MAGNITUDE)

_COVERAGES = tuple(
    Metric(
        f"coverage_at_{100 * level:g}",
        f"coverage at {100 * level:g} %",
        "1",
        3,
        f"share of the truth within the interval of {100 * level:g} % that follows from the standard deviation",
        (_within(level), STATED),
        lambda s, name=f"within_{100 * level:g}": s[name] / s["stated"],  # type: ignore[misc]
        brief=False,
        of_sigma=True,
    )
    for level in LEVELS
)

ERROR_BARS: tuple[Metric, ...] = (
    *_COVERAGES,
    Metric(
        "sigma",
        "σ",
        "mm",
        2,
        "root mean square of the standard deviation",
        (SIGMA_SQUARED, STATED),
        lambda s: np.sqrt(s["sigma_squared"] / s["stated"]),
        brief=False,
        of_sigma=True,
    ),
    # Its square is the statistic that tells average calibration best (Pernot 2024, arXiv 2402.10043): 1 where σ is right.
    Metric(
        "standardised_error",
        "error / σ",
        "1",
        3,
        "root mean square of error over standard deviation",
        (STANDARDISED, STATED),
        lambda s: np.sqrt(s["standardised"] / s["stated"]),
        brief=False,
        of_sigma=True,
    ),
    Metric(
        "sigma_correlation",
        "ρ(σ, |error|)",
        "1",
        3,
        "Pearson correlation of standard deviation and absolute error",
        _MOMENTS,
        _correlation,
        brief=False,
        of_sigma=True,
    ),
    Metric(
        "sigma_correlation_attainable",
        "attainable ρ",
        "1",
        3,
        "the highest correlation that a calibrated Normal with these standard deviations can have",
        (STATED, SIGMA, SIGMA_SQUARED),
        _attainable,
        brief=False,
        of_sigma=True,
    ),
    Metric(
        "sigma_correlation_share",
        "ρ / attainable",
        "1",
        2,
        "correlation of standard deviation and absolute error as a share of the attainable one",
        _MOMENTS,
        lambda s: _correlation(s) / _attainable(s),
        brief=False,
        of_sigma=True,
    ),
)
"""Part of `gwkeras.evaluate.measures.metrics.METRICS`."""
