"""Where the sea is near."""

from __future__ import annotations

import numpy as np

_COAST_LAND = 0.5


def near_coast(land: np.ndarray, periodic: bool) -> np.ndarray:
    """(n_lat, n_lon) whether a cell or one of its eight neighbours is less than half land.

    What lies beyond the domain is not known to be sea, and does not count.

    Args:
        land: (n_lat, n_lon) area fraction.
        periodic: whether the first column follows the last.
    """
    open_water = land < _COAST_LAND
    rows = np.pad(open_water, ((1, 1), (0, 0)))
    rows = rows[:-2] | rows[1:-1] | rows[2:]
    padded = np.pad(rows, ((0, 0), (1, 1)), mode="wrap" if periodic else "constant")
    return padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]
