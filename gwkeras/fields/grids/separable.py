"""Linear maps between regular grids that are a matrix per axis: cheap to build, cheap to apply to stacks of fields."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

_BLOCK_CELLS = 4 * 2**20  # fields taken at once hold about this many cells, so that memory does not grow with the record


def apply_separable(rows: csr_matrix, columns: csr_matrix, values: np.ndarray) -> np.ndarray:
    """`rows` · field · `columns`ᵀ for every field of a stack.

    Args:
        rows: (m_lat, n_lat) weights.
        columns: (m_lon, n_lon) weights.
        values: (..., n_lat, n_lon), finite.
    Returns: (..., m_lat, m_lon) in the type of `values` and the weights combined.
    """
    (m_lat, n_lat), (m_lon, n_lon) = rows.shape, columns.shape
    stack = values.reshape(-1, n_lat, n_lon)
    result = np.empty((len(stack), m_lat, m_lon), dtype=np.result_type(values, rows.dtype))
    at_once = max(1, _BLOCK_CELLS // max(n_lat * n_lon, m_lat * m_lon))
    for start in range(0, len(stack), at_once):
        block = stack[start : start + at_once]
        n = len(block)
        if m_lat < n_lat:  # the axis that shrinks first, so that the transposed copies between the products are small
            half = rows @ block.transpose(1, 0, 2).reshape(n_lat, n * n_lon)  # (m_lat, n·n_lon)
            done = columns @ np.ascontiguousarray(half.reshape(m_lat * n, n_lon).T)  # (m_lon, m_lat·n)
            result[start : start + n] = done.reshape(m_lon, m_lat, n).transpose(2, 1, 0)
        else:
            half = columns @ np.ascontiguousarray(block.reshape(n * n_lat, n_lon).T)  # (m_lon, n·n_lat)
            done = rows @ half.reshape(m_lon, n, n_lat).transpose(2, 1, 0).reshape(n_lat, n * m_lon)  # (m_lat, n·m_lon)
            result[start : start + n] = done.reshape(m_lat, n, m_lon).transpose(1, 0, 2)
    return result.reshape(*values.shape[:-2], m_lat, m_lon)
