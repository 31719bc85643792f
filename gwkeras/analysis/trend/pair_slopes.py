"""Slopes of all pairs of a record's values, in room that is kept from one part of many records to the next."""

from __future__ import annotations

import numpy as np

_BYTES = 4 * 2**20  # of the slopes of a part: more does not stay in a cache, less spends its time on calls


class PairSlopes:
    """For records of the same times.

    Args:
        times: (times,) whole numbers, ascending.
    """

    def __init__(self, times: np.ndarray):
        self.times = times
        self.pairs = times.size * (times.size - 1) // 2
        self.at_a_time = max(1, _BYTES // (8 * max(self.pairs, 1)))
        self._per_time = np.concatenate([np.zeros(0), *(1.0 / (times[k] - times[:k]) for k in range(1, times.size))])
        self._room = np.empty((self.at_a_time, self.pairs))

    def of(self, records: np.ndarray) -> np.ndarray:
        """(n, pairs), overwritten by the next call.

        Args:
            records: (n, times), no more than `at_a_time`.
        """
        slopes, start = self._room[: len(records)], 0
        for later in range(1, self.times.size):  # to gather both ends of all pairs would take six times as long
            np.subtract(records[:, later, None], records[:, :later], out=slopes[:, start : start + later])
            start += later
        slopes *= self._per_time
        return slopes
