"""Means over what is near: a Gaussian window over land, whose width is a matter of choice and not of a per cent."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gwkeras.core.block_sums import block_sums
from gwkeras.core.grid import Grid
from gwkeras.fields.grids.interpolation import upsample

_LARGE = 2**20  # cells of a grid on which blocks are averaged and means interpolated between them


def mean_near(values: np.ndarray, weight: np.ndarray, degrees: float, grid: Grid, block: int) -> np.ndarray:
    """(n_lat, n_lon) weighted mean within a window; 0 where there is no weight near.

    On the globe the window is laid over blocks of cells, as much narrower as blocks and interpolation are wide, and 1/16 of the
    sums are formed.

    Args:
        values: (n_lat, n_lon), finite.
        weight: (n_lat, n_lon), not negative.
        degrees: standard deviation of the window.
        grid: of both.
        block: cells along a side of a block, in which rows and columns come.
    """
    cells = np.array([degrees / grid.lat_step, degrees / grid.lon_step])
    if grid.n_lat * grid.n_lon <= _LARGE or cells.min() < block:
        return _mean(values * weight, weight, cells, grid.is_periodic)
    # The variance of a block of b cells is (b² − 1) / 12, that of interpolating between them (2b² + 1) / 12 in the mean: b² / 4.
    inside = np.sqrt((cells / block) ** 2 - 0.25)
    total, reached = (block_sums(field, block) for field in (values * weight, weight))
    return upsample(_mean(total, reached, inside, grid.is_periodic), block, "bilinear", periodic=grid.is_periodic)


def _mean(total: np.ndarray, weight: np.ndarray, cells: np.ndarray, periodic: bool) -> np.ndarray:
    mode = ("nearest", "wrap" if periodic else "nearest")
    found, reached = (ndimage.gaussian_filter(field, cells, mode=mode) for field in (total, weight))
    return np.divide(found, reached, out=np.zeros_like(found), where=reached > 1e-9)
