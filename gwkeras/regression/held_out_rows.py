"""How many rows are held out to choose the epoch by."""

from __future__ import annotations

_FEWEST = 10  # below which an error on them says too little, and none are held out


def held_out_count(fraction: float, rows: int) -> int:
    """Number of rows to hold out; 0 where they would be too few.

    Args:
        fraction: of the rows, as `validation_fraction` has it.
        rows: that could be held out.

    >>> held_out_count(0.1, 1000), held_out_count(0.1, 94)
    (100, 0)
    """
    count = round(fraction * rows)
    return count if count >= _FEWEST else 0
