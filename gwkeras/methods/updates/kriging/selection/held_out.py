"""Errors of predicting the product where it is held out, in closed form: nothing is fitted again."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid


def leave_one_out(precision: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each value minus its prediction from all others, and the variance of that.

    eᵢ = [K⁻¹ r]ᵢ / [K⁻¹]ᵢᵢ with variance 1 / [K⁻¹]ᵢᵢ (Dubrule 1983, Mathematical Geology 15, 687).

    Args:
        precision: (n, n) K⁻¹.
        values: (n, months) r.
    Returns: (n, months) errors and (n,) variances.
    """
    variance = 1.0 / np.diag(precision)
    return (precision @ values) * variance[:, None], variance


def leave_block_out(precision: np.ndarray, values: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each value minus its prediction from all values outside its block, and the variance of that.

    e_b = [K⁻¹]_bb⁻¹ [K⁻¹ r]_b with covariance [K⁻¹]_bb⁻¹ (Dubrule 1983, Mathematical Geology 15, 687).

    Args:
        precision: (n, n) K⁻¹.
        values: (n, months) r.
        blocks: (n,) label of each value's block.
    Returns: (n, months) errors and (n,) variances.
    """
    weighted = precision @ values
    errors, variance = np.empty(values.shape), np.empty(len(values))
    for label in np.unique(blocks):
        inside = np.flatnonzero(blocks == label)
        covariance = linalg.inv(precision[np.ix_(inside, inside)])
        errors[inside] = covariance @ weighted[inside]
        variance[inside] = np.diag(covariance)
    return errors, variance


def block_labels(grid: Grid, cells: np.ndarray, side_km: float) -> np.ndarray:
    """Which block of about `side_km` × `side_km` each cell lies in; (k, 2) rows and columns to (k,) labels.

    Rows of blocks have equal heights; in each, columns have equal widths of at least three quarters of `side_km`.
    """
    degree = np.deg2rad(1.0) * EARTH_RADIUS_KM
    height = grid.north - grid.south
    rows = max(1, round(height * degree / side_km))
    row = np.minimum(((grid.lat[cells[:, 0]] - grid.south) / height * rows).astype(int), rows - 1)
    middle = grid.south + (np.arange(rows) + 0.5) * height / rows
    width = grid.n_lon * grid.lon_step
    columns = np.maximum(1, np.round(width * degree * np.cos(np.deg2rad(middle)) / side_km)).astype(int)[row]
    column = np.minimum(((grid.lon[cells[:, 1]] - grid.west) / width * columns).astype(int), columns - 1)
    return np.unique(np.stack([row, column], axis=1), axis=0, return_inverse=True)[1].ravel()
