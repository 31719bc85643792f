"""Whether a fine field knows which part of a product's cell rises while another falls: wells of one cell against each other.

A gain in correlation can come from a better season alone; a difference between two places of one product cell cannot: the
product has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_VARIES = 1e-6  # standard deviation of a standardised series' difference below which there is no detail


@dataclass(frozen=True)
class Pairs:
    """Pairs of fine cells with wells, inside one product cell each.

    Args:
        correlation: (pairs,) of the difference of the wells' standardised series with that of the field's; NaN where the field
            has no difference there.
        coarse: (pairs,) number of the product cell.
        months: (pairs,) that both fine cells share.
    """

    correlation: np.ndarray
    coarse: np.ndarray
    months: np.ndarray


def pairs(level: np.ndarray, field: np.ndarray, coarse: np.ndarray, fine: np.ndarray, least_months: int = 24) -> Pairs:
    """Differences within product cells.

    Wells of one fine cell are one: the median of their standardised series. A pair's series are standardised anew over the months
    that it shares, wells and field alike, so that amplitude plays no part.

    Args:
        level: (wells, months) m, NaN where unknown.
        field: the same shape: the fine field at each well, mm.
        coarse: (wells,) number of the product cell that a well lies in.
        fine: (wells,) number of the fine cell.
        least_months: that a pair shares, at least.
    """
    cells, first, place = np.unique(fine, return_index=True, return_inverse=True)
    known = np.isfinite(level) & np.isfinite(field)
    series = _standardised(np.where(known, level, np.nan))
    observed = np.full((cells.size, level.shape[1]), np.nan)
    for cell in range(cells.size):
        members = series[place == cell]
        some = np.isfinite(members).any(axis=0)
        observed[cell, some] = np.nanmedian(members[:, some], axis=0)
    modelled, parents = field[first], coarse[first]
    found, of, shared = [], [], []
    for parent in np.unique(parents):
        inside = np.flatnonzero(parents == parent)
        for a, left in enumerate(inside):
            for right in inside[a + 1 :]:
                both = np.isfinite(observed[[left, right]]).all(axis=0) & np.isfinite(modelled[[left, right]]).all(axis=0)
                if both.sum() < least_months:
                    continue
                found.append(_agreement(observed[left, both], observed[right, both], modelled[left, both], modelled[right, both]))
                of.append(parent)
                shared.append(int(both.sum()))
    return Pairs(np.array(found, float), np.array(of, int), np.array(shared, int))


def _agreement(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    a, b, c, d = _standardised(np.stack([a, b, c, d]))
    seen, told = a - b, c - d
    if not (np.isfinite(seen).all() and np.isfinite(told).all()) or seen.std() < _VARIES or told.std() < _VARIES:
        return np.nan
    return float(np.corrcoef(seen, told)[0, 1])


def _standardised(values: np.ndarray) -> np.ndarray:
    """(n, months) less their means, over their standard deviations; NaN where a series does not vary."""
    known = np.isfinite(values)
    number = known.sum(axis=1, keepdims=True)
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=1, keepdims=True) / number
        spread = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=1, keepdims=True) / number)
        return np.where(spread > 0, (values - mean) / np.where(spread > 0, spread, 1.0), np.nan)
