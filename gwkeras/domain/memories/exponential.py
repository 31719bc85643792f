"""Exponential memories: what a linear store with a time constant keeps of what flowed in.

A store of time constant τ (months) is emptied by the share 1 − exp(−1/τ) in a month, which is exact for a constant rate:

    m_t = a m_{t−1} + (1 − a) c_t,    a = exp(−1/τ)

so that m has the unit of c, and is c where c is constant. Recursion in time and any linear operator in space commute.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TIME_CONSTANTS = (1.5, 6.0, 24.0, 48.0)
"""Months, of the memories that priors weigh by default: six of them explain no more (docs/skill.md)."""


def retention(time_constants: Sequence[float]) -> np.ndarray:
    """(τ,) float32: a = exp(−1/τ) of time constants in months.

    >>> retention([1e9]).tolist()
    [1.0]
    """
    return np.exp(-1.0 / np.asarray(time_constants, dtype=float)).astype(np.float32)


def in_balance(climatology: np.ndarray, first_month: int, keeps: np.ndarray) -> np.ndarray:
    """The memories at the end of the month before the first, after endless years of the same twelve months.

    Args:
        climatology: (12, ...) the mean of each calendar month, January first.
        first_month: 1 … 12, the calendar month that the record begins with.
        keeps: (τ,) `retention`.
    Returns: (τ, ...): Σ_{j ≥ 0} (1 − a) a^j c_{−1−j} = (1 − a) / (1 − a¹²) · Σ_{j < 12} a^j c_{−1−j}.
    """
    back = climatology[(first_month - 2 - np.arange(12)) % 12]  # (12, ...), the latest first
    a = keeps.astype(np.float64)
    weights = (1 - a)[:, None] * a[:, None] ** np.arange(12) / (1 - a**12)[:, None]  # (τ, 12)
    return np.tensordot(weights.astype(climatology.dtype), back, axes=1)


def advance(memories: np.ndarray, values: np.ndarray, keeps: np.ndarray) -> None:
    """One month further, in place.

    Args:
        memories: (τ, ...), of the month before; then of this month.
        values: (...) of this month.
        keeps: (τ,) `retention`.
    """
    for memory, a in zip(memories, keeps, strict=True):
        memory *= a
        memory += (1 - a) * values
