"""A ratio in words."""

from __future__ import annotations


def change(ratio: float) -> str:
    """Such as "31 % less error".

    >>> change(0.69), change(1.004), change(1.0)
    ('31 % less error', '0.4 % more error', 'the same error')
    """
    percent = 100 * (ratio - 1)
    if abs(percent) < 0.05:
        return "the same error"
    return f"{abs(percent):.{0 if abs(percent) >= 10 else 1}f} % {'less' if percent < 0 else 'more'} error"
