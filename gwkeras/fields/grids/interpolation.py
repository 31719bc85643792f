"""Upsampling of coarse fields by whole factors: nearest, bilinear, bicubic; missing cells; and conservation on top.

The rule for missing cells is stated once here and repeated in keras.ops by the network: missing cells are filled from
their neighbours in two passes (`fill_missing`), what is missing after that counts as zero, edges are replicated
(columns close around the globe where `periodic`), and the fine cells of a missing coarse cell are missing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.fields.grids.separable import apply_separable

Kind = Literal["nearest", "bilinear", "bicubic"]

KEYS_A = -0.5
"""Keys' parameter of third-order convergence (1981, doi 10.1109/TASSP.1981.1163711); TensorFlow's choice, too."""


def upsample(
    values: np.ndarray, factor: int, kind: Kind, periodic: bool = False, missing: Literal["kept", "filled"] = "kept"
) -> np.ndarray:
    """Interpolates fields to factor × factor finer cells.

    Args:
        values: (..., n_lat, n_lon); NaN where missing.
        factor: whole, at least 1.
        kind: "bicubic" is Keys' kernel with a = −0.5; all are by half-pixel centres.
        periodic: whether the columns close around the globe; else edges are replicated.
        missing: "kept" leaves the fine cells of a missing coarse cell NaN, "filled" gives what the filling gave.
    Returns: (..., factor · n_lat, factor · n_lon), floating type of `values`.
    """
    values = np.asarray(values)
    values = values if np.issubdtype(values.dtype, np.floating) else values.astype(float)
    valid = np.isfinite(values)
    complete = bool(valid.all())
    filled = values if complete else np.nan_to_num(fill_missing(values, periodic=periodic))
    if kind == "nearest":
        fine = nearest_upsample(filled, factor)
    else:
        rows = axis_weights(values.shape[-2], factor, kind).astype(values.dtype)
        columns = axis_weights(values.shape[-1], factor, kind, periodic).astype(values.dtype)
        fine = apply_separable(rows, columns, filled)
    if missing == "kept" and not complete:
        fine[~nearest_upsample(valid, factor)] = np.nan
    return fine


def fill_missing(values: np.ndarray, passes: int = 2, periodic: bool = False) -> np.ndarray:
    """Fills missing cells from their neighbours.

    In each pass every missing cell with a valid cell among its eight neighbours takes the mean of those, all cells at
    once. Two passes reach all of the 4 × 4 support of the cubic kernel around any valid cell.

    Args:
        values: (..., n_lat, n_lon), floating; NaN where missing.
        passes: how often.
        periodic: whether the columns close around the globe; cells beyond other edges do not exist.
    Returns: a copy; NaN remains where no valid cell is near.
    """
    values = np.array(values)
    for _ in range(passes):
        valid = np.isfinite(values)
        if valid.all():
            break
        count = _window_sum(valid.astype(values.dtype), periodic)
        total = _window_sum(np.where(valid, values, 0), periodic)
        fillable = ~valid & (count > 0)
        values[fillable] = total[fillable] / count[fillable]
    return values


def conserve(
    fine: np.ndarray, coarse: np.ndarray, grid_fine: Grid, factor: int, land_fine: np.ndarray | None = None
) -> np.ndarray:
    """Shifts each block of `fine` so that its mean is the coarse value: ŷ + nearest(coarse − blockmean(ŷ)).

    Args:
        fine: (..., factor · n_lat, factor · n_lon) on `grid_fine`; NaN cells are left out of the means and stay NaN.
        coarse: (..., n_lat, n_lon), same unit.
        factor: cells of a block along each axis.
        land_fine: (factor · n_lat, factor · n_lon) area fractions that multiply the cell areas; None for whole cells.
            Cells of fraction 0 are left out of the means and stay as they are.
    Returns: like `fine`; unchanged in blocks whose coarse value is NaN or that hold no cell with weight.
    Raises: GridMismatch: where `fine` does not consist of whole blocks.
    """
    mean = grid_fine.block_mean(fine, factor, land_fine)
    shift = coarse - mean
    shift = nearest_upsample(np.where(np.isfinite(shift), shift, 0.0), factor)
    if land_fine is not None:
        shift = np.where(np.nan_to_num(land_fine) > 0, shift, 0.0)
    return (fine + shift).astype(np.result_type(fine, coarse), copy=False)


@lru_cache(maxsize=64)
def axis_weights(n: int, factor: int, kind: Literal["bilinear", "bicubic"], periodic: bool = False) -> csr_matrix:
    """(factor · n, n) interpolation weights along one axis; each row sums to one."""
    position = (np.arange(factor * n) + 0.5) / factor - 0.5  # of the fine centres, in coarse cells
    below = np.floor(position).astype(int)
    offsets = np.arange(-1, 3) if kind == "bicubic" else np.arange(0, 2)
    cells = below[:, None] + offsets  # (factor·n, taps)
    distance = np.abs(position[:, None] - cells)
    weights = _keys(distance) if kind == "bicubic" else 1.0 - distance
    cells = cells % n if periodic else np.clip(cells, 0, n - 1)
    into = np.broadcast_to(np.arange(factor * n)[:, None], cells.shape)
    return coo_matrix((weights.ravel(), (into.ravel(), cells.ravel())), shape=(factor * n, n)).tocsr()


def _keys(distance: np.ndarray) -> np.ndarray:
    a, d = KEYS_A, distance
    near = ((a + 2) * d - (a + 3)) * d**2 + 1
    far = a * (((d - 5) * d + 8) * d - 4)
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def _window_sum(values: np.ndarray, periodic: bool) -> np.ndarray:
    """Sums over 3 × 3 windows; beyond the edges there is nothing, or the other end of the row where `periodic`."""

    def along(axis: int, array: np.ndarray, around: bool) -> np.ndarray:
        if around and array.shape[axis] > 2:
            return array + np.roll(array, 1, axis) + np.roll(array, -1, axis)
        array = np.moveaxis(array, axis, -1)
        result = array.copy()
        result[..., 1:] += array[..., :-1]
        result[..., :-1] += array[..., 1:]
        return np.moveaxis(result, -1, axis)

    return along(-1, along(-2, values, False), periodic)
