"""Sums over square blocks of cells."""

from __future__ import annotations

import numpy as np


def block_sums(values: np.ndarray, block: int) -> np.ndarray:
    """Sums over block × block cells, from the first row and column on; blocks that reach beyond the far edges are cut there.

    Args:
        values: (..., n_lat, n_lon).
        block: side of a block, cells.
    Returns: (..., ⌈n_lat / block⌉, ⌈n_lon / block⌉).

    >>> block_sums(np.arange(6.0).reshape(2, 3), 2)
    array([[8., 7.]])
    """
    *others, n_lat, n_lon = values.shape
    rows, cols = -(-n_lat // block), -(-n_lon // block)
    if (rows * block, cols * block) != (n_lat, n_lon):
        whole = np.zeros((*others, rows * block, cols * block), values.dtype)
        whole[..., :n_lat, :n_lon] = values
        values = whole
    return values.reshape(*others, rows, block, cols, block).sum(axis=(-3, -1))
