"""Loess (Cleveland 1979, doi 10.1080/01621459.1979.10481038) of many series at once, as products of matrices.

Distances are the same for every series, only the weights of its values are its own. So the sums that a local line needs are the
series times matrices that all share, and a globe's cells cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_NEAR, _FAR = 0.001, 0.999  # of the reach: weight 1 within, 0 beyond
_LEAST_SPREAD = 0.001  # of a series' length, below which a line would be drawn through one point

Smoother = Callable[[np.ndarray], np.ndarray]
"""Series (n, series) -> (target, series)."""


@dataclass(frozen=True)
class Loess:
    """Lines at some targets, through the values of windows of n consecutive times.

    Args:
        kernel: (target, n) tricube weight of each value.
        distance: (target, n) of each value from the target.
    """

    kernel: np.ndarray
    distance: np.ndarray

    @classmethod
    def at(cls, targets: np.ndarray, first: np.ndarray, last: np.ndarray, n: int, length: int) -> Loess:
        """At targets from windows of their own.

        Args:
            targets: (target,) times, of values at 0 … n − 1.
            first: (target,) value of each window.
            last: (target,) likewise.
            n: values of a series.
            length: values that a window is meant to hold; where a series has fewer, the kernel is as much wider.
        """
        distance = np.arange(n) - targets[:, None].astype(float)
        reach = np.maximum(targets - first, last - targets)[:, None] + float(max(length - n, 0) // 2)
        size = np.abs(distance)
        kernel = (1.0 - np.minimum(size / reach, 1.0) ** 3) ** 3
        kernel = np.where(size <= _NEAR * reach, 1.0, np.where(size <= _FAR * reach, kernel, 0.0))
        outside = (np.arange(n) < first[:, None]) | (np.arange(n) > last[:, None])
        return cls(np.where(outside, 0.0, kernel), distance)

    @classmethod
    def along(cls, n: int, length: int) -> Loess:
        """At every time of a series of n, from the `length` values around it, or the outermost ones near an end."""
        targets, width = np.arange(n), min(length, n)
        first = np.clip(targets - (length + 2) // 2 + 1, 0, n - width)
        return cls.at(targets, first, first + width - 1, n, length)

    def under(self, weights: np.ndarray) -> Smoother:
        """The smoother for values of these weights; NaN where all weights of a window are 0.

        Args:
            weights: (n, series), or (n, 1) for all.
        """
        moment = self.kernel * self.distance
        total = self.kernel @ weights
        with np.errstate(invalid="ignore", divide="ignore"):
            centre = (moment @ weights) / total
            spread = (moment * self.distance) @ weights / total - centre**2
            slope = np.where(spread > (_LEAST_SPREAD * (len(weights) - 1)) ** 2, -centre / spread, 0.0)
            level, tilt = (1.0 - slope * centre) / total, slope / total

        def smooth(values: np.ndarray) -> np.ndarray:
            weighted = values * weights
            return level * (self.kernel @ weighted) + tilt * (moment @ weighted)

        return smooth
