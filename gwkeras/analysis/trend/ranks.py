"""The values of some ranks in a long row, by counting: faster than to part the row at each of them, and as exact."""

from __future__ import annotations

import numpy as np

_BINS = 1024
_LOOKED_AT = 256  # values of a row that its bins are laid by
_TAIL = 0.05  # of them on each side that share the outermost bins


class Ranked:
    """Numbers that can be asked for the value of any rank.

    A first pass counts values in bins of equal width; a rank is then looked for among the values of its bin alone. However bins
    are laid the answer is the same, since the outermost ones hold whatever lies beyond.

    Args:
        values: (m,), all finite.
        room: (m,) float, to work in: a pair's array is too large to be had anew for each cell of a globe.

    >>> numbers = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    >>> Ranked(numbers, np.empty(5)).at(3)
    4.0
    """

    def __init__(self, values: np.ndarray, room: np.ndarray):
        looked_at = np.sort(values[:: max(1, values.size // _LOOKED_AT)])
        tail = int(_TAIL * looked_at.size)
        low, high = float(looked_at[tail]), float(looked_at[-1 - tail])
        step = (_BINS - 2) / (high - low) if high > low else 0.0
        np.subtract(values, low, out=room)
        room *= step
        room += 1.0
        np.clip(room, 0.0, _BINS - 1, out=room)
        self._values = values
        self._bins = room.astype(np.int16)  # truncation keeps the order
        self._ends = np.bincount(self._bins, minlength=_BINS).cumsum()

    def at(self, rank: int) -> float:
        """The value that comes at this place when all are sorted.

        Args:
            rank: from 0 on.
        """
        own = int(np.searchsorted(self._ends, rank, side="right"))
        inside = self._values[self._bins == own]
        place = rank - (int(self._ends[own - 1]) if own else 0)
        return float(np.partition(inside, place)[place])
