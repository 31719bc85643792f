"""A number as the cell of a table."""

from __future__ import annotations

import math

UNKNOWN = "–"


def cell_text(value: float, form: str) -> str:
    """The number in a format, or a dash where it is unknown.

    Args:
        value: NaN or infinite: unknown.
        form: such as ".2f" or "+.1%".

    >>> cell_text(3.14159, ".2f"), cell_text(float("nan"), ".2f")
    ('3.14', '–')
    """
    return f"{value:{form}}" if math.isfinite(value) else UNKNOWN
