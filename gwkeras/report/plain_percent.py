"""A ratio in words."""

from __future__ import annotations

_TIMES = 3.0  # above this a multiple is easier to read than per cent


def change(ratio: float) -> str:
    """Such as "31 % less error".

    >>> change(0.69), change(1.004), change(1.0), change(4.2)
    ('31 % less error', '0.4 % more error', 'the same error', '4.2 times the error')
    """
    if ratio >= _TIMES:
        return f"{_times(ratio)} times the error"
    percent = 100 * (ratio - 1)
    if abs(percent) < 0.05:
        return "the same error"
    return f"{abs(percent):.{0 if abs(percent) >= 10 else 1}f} % {'less' if percent < 0 else 'more'} error"


def link(ratio: float) -> str:
    """The word between `change(ratio)` and what is compared with.

    >>> link(0.69), link(1.0), link(4.2)
    ('than', 'as', 'of')
    """
    said = change(ratio)
    return "as" if said.startswith("the same") else "of" if "times" in said else "than"


def between(low: float, high: float) -> str:
    """Such as "33 to 38 % less error", the least change first.

    >>> between(0.62, 0.67), between(1.03, 1.25), between(0.98, 1.031), between(3.04, 12.3)
    ('33 to 38 % less error', '3.0 to 25 % more error', '2.0 % less to 3.1 % more error', '3.0 to 12 times the error')
    """
    if low >= _TIMES:
        return f"{_times(low)} to {_times(high)} times the error"
    below, above = _size(low), _size(high)
    if low >= 1:
        return f"{below} to {above} % more error"
    if high <= 1:
        return f"{above} to {below} % less error"
    return f"{below} % less to {above} % more error"


def _times(ratio: float) -> str:
    return f"{ratio:.{0 if ratio >= 10 else 1}f}"


def _size(ratio: float) -> str:
    percent = abs(100 * (ratio - 1))
    return f"{percent:.{0 if percent >= 10 else 1}f}"
