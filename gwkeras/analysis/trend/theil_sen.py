"""Theil-Sen slopes and Mann-Kendall tests of many records at once.

Sources: Sen 1968, doi 10.1080/01621459.1968.10480934; Mann 1945, doi 10.2307/1907187; the correction for autocorrelation is
Hamed & Rao 1998, doi 10.1016/S0022-1694(97)00125-X.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm, rankdata

from gwkeras.analysis.trend.pair_slopes import PairSlopes
from gwkeras.analysis.trend.ranks import Ranked
from gwkeras.analysis.trend.season import masks_of

FEWEST = 10
"""Values of a record, below which no trend is told: the Normal approximation of the test needs them."""
Correction = Literal["hamed-rao", "none"]


@dataclass(frozen=True)
class SenTrend:
    """Trends of n records, each (n,); NaN where a record has too few values.

    Args:
        slope: median of the slopes of all pairs, per unit of time.
        lower: bound of its confidence interval.
        upper: the other bound.
        tau: Kendall's, S over the number of pairs.
        z: of the Mann-Kendall test.
        p_value: two-sided.
        inflation: of the variance of S, by autocorrelation; 1 without correction.
    """

    slope: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    tau: np.ndarray
    z: np.ndarray
    p_value: np.ndarray
    inflation: np.ndarray


def sen_trend(
    values: np.ndarray,
    times: np.ndarray,
    *,
    confidence: float = 0.95,
    correction: Correction = "hamed-rao",
    least_inflation: float = 0.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> SenTrend:
    """Trends of records.

    Autocorrelation is counted at true lags: a gap does not bring the months beside it together. It widens the interval as it
    widens the test.

    Args:
        values: (times, n); NaN where unknown.
        times: (times,) whole numbers, ascending, such as numbers of months; the slope is per one of them.
        confidence: of the interval; the correction keeps autocorrelations that differ from 0 at 1 − confidence.
        correction: of the variance of S.
        least_inflation: the correction changes the variance by no smaller factor.
        progress: called with the number of records done and in all.
    """
    count = values.shape[1]
    found = np.full((7, count), np.nan)
    done = 0
    for columns, known in masks_of(values):
        if known.sum() >= FEWEST:
            slopes = PairSlopes(times[known])
            for start in range(0, columns.size, slopes.at_a_time):
                part = columns[start : start + slopes.at_a_time]
                records = values[np.ix_(known, part)].T.astype(float)
                found[:, part] = _of_complete(records, slopes, confidence, correction, least_inflation)
                progress(done + start + part.size, count)
        done += columns.size
        progress(done, count)
    return SenTrend(*found)


def _of_complete(y: np.ndarray, pair_slopes: PairSlopes, confidence: float, correction: Correction, least: float) -> np.ndarray:
    """(7, n) of records (n, times) without gaps in their values."""
    times, size, pairs = pair_slopes.times, pair_slopes.times.size, pair_slopes.pairs
    slopes, room = pair_slopes.of(y), np.empty(pairs)
    ranked = [Ranked(row, room) for row in slopes]
    s = np.array([np.count_nonzero(row > 0) - np.count_nonzero(row < 0) for row in slopes], dtype=float)
    middle = np.array([(row.at((pairs - 1) // 2) + row.at(pairs // 2)) / 2 for row in ranked])
    variance = (size * (size - 1) * (2 * size + 5) - _ties(y)) / 18.0
    inflation = np.ones(len(y))
    if correction == "hamed-rao":
        inflation = np.maximum(_inflation(y - middle[:, None] * times, times, confidence), least)
    sigma = np.sqrt(variance * inflation)
    reach = norm.ppf((1 + confidence) / 2) * sigma
    upper = np.minimum(np.round((pairs + reach) / 2).astype(int), pairs - 1)
    lower = np.maximum(np.round((pairs - reach) / 2).astype(int) - 1, 0)
    bounds = [[row.at(int(rank)) for row, rank in zip(ranked, ranks, strict=True)] for ranks in (lower, upper)]
    z = np.divide(s - np.sign(s), sigma, out=np.zeros(len(y)), where=sigma > 0)
    p = 2.0 * norm.sf(np.abs(z))
    return np.stack([middle, *np.array(bounds), s / pairs, z, p, inflation])


def _ties(y: np.ndarray) -> np.ndarray:
    """Σ t (t − 1) (2 t + 5) over groups of t equal values, for each record."""
    total = np.zeros(len(y))
    ordered = np.sort(y, axis=1)
    for row in np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1)):
        t = np.unique(ordered[row], return_counts=True)[1].astype(float)
        total[row] = (t * (t - 1) * (2 * t + 5)).sum()
    return total


def _inflation(detrended: np.ndarray, times: np.ndarray, confidence: float) -> np.ndarray:
    """n/n* of Hamed & Rao (1998), equation 6, from the autocorrelation of ranks; 1 where it would not be positive."""
    size, span = times.size, int(times[-1] - times[0]) + 1
    ranks = rankdata(detrended, axis=1)
    placed, present = np.zeros((len(detrended), span)), np.zeros(span)
    placed[:, times - times[0]] = ranks - ranks.mean(axis=1, keepdims=True)
    present[times - times[0]] = 1.0
    products, pairs = _lagged_sums(placed), np.round(_lagged_sums(present[None]))[0]
    lags = np.arange(1, span)
    shrink = 1.0 - lags / span  # the estimate whose sums are all divided by n, as Hamed & Rao's
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = products[:, 1:] / pairs[1:] * shrink / (products[:, :1] / size)
        rho = np.where(pairs[1:] > 2, rho, 0.0)
    rho = np.where(np.isfinite(rho) & (np.abs(rho) > norm.ppf((1 + confidence) / 2) / np.sqrt(size)), rho, 0.0)
    weights = pairs[1:] * (pairs[1:] - 1) * (pairs[1:] - 2)
    factor = 1.0 + 2.0 / (size * (size - 1) * (size - 2)) * (rho @ weights)
    return np.where(factor > 0, factor, 1.0)


def _lagged_sums(values: np.ndarray) -> np.ndarray:
    """Σ x(t) x(t + k) for k = 0, 1, …, for each row."""
    span = values.shape[1]
    length = 1 << (2 * span - 1).bit_length()
    return np.fft.irfft(np.abs(np.fft.rfft(values, length, axis=1)) ** 2, length, axis=1)[:, :span]
