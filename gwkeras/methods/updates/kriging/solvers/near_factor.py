"""A sparse factor of the inverse of a covariance: each observation given those near it that come before it.

Vecchia (1988), doi 10.1111/j.2517-6161.1988.tb01729.x, in the order of rows and columns. The less noise, the better: what is near
then tells all that there is to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

_REACH = 5  # cells on each side: against 3 that is a third of the steps where there is hardly any noise
_BEFORE = np.array([(r, c) for r in range(-_REACH, 1) for c in range(-_REACH, _REACH + 1) if (r, c) < (0, 0)])
_LEAST = 1e-9  # of the variance


class FactorRows(NamedTuple):
    """Rows of the factor: where they stand in the order of all observations, and what they hold."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray


def factor_rows(matrix: np.ndarray, cells: np.ndarray, places: np.ndarray, own: np.ndarray) -> FactorRows:
    """The rows of some of a window's observations.

    Args:
        matrix: (n, n) covariance of the window's observations.
        cells: (n, 2) their row and column in the window.
        places: (n,) their place in the order of all observations, by row and column of the whole grid.
        own: (k,) which of them are asked for.
    """
    number = np.full(cells.max(axis=0) + 1 + 2 * _REACH, -1)
    number[tuple((cells + _REACH).T)] = np.arange(len(cells))
    at = cells[own][:, None] + _BEFORE + _REACH
    near = number[at[..., 0], at[..., 1]]  # (k, before)
    present = (near >= 0) & (places[near] < places[own][:, None])  # across the dateline they come later
    both = present[:, :, None] & present[:, None]
    among = np.where(both, matrix[near[:, :, None], near[:, None]], 0.0)
    diagonal = np.arange(len(_BEFORE))
    among[:, diagonal, diagonal] += ~present
    cross = np.where(present, matrix[near, own[:, None]], 0.0)
    weights = np.linalg.solve(among, cross[..., None])[..., 0]
    variance = np.diag(matrix)[own]
    scale = 1.0 / np.sqrt(np.maximum(variance - (cross * weights).sum(axis=1), _LEAST * variance))
    rows = np.broadcast_to(places[own][:, None], near.shape)[present]
    values = (-weights * scale[:, None])[present]
    return FactorRows(
        np.concatenate([places[own], rows]), np.concatenate([places[own], places[near[present]]]), np.concatenate([scale, values])
    )


def factor_of(parts: Sequence[FactorRows], count: int) -> sparse.csr_matrix:
    """L with Lᵀ L ≈ the inverse, (count, count), of rows that together are all."""
    rows, columns, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    return sparse.csr_matrix((values, (rows, columns)), shape=(count, count))
