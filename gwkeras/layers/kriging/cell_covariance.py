"""Covariances of a sum of Gaussians between fine cells and the means of coarse ones, on the sphere, in float64.

`gwkeras.methods.updates.kriging.covariance.zonal_tables` holds the same for numpy; a test keeps the two equal. Distances are
chords, which depend on two latitudes and a difference of longitudes alone, so that a table over those stands for the matrix over
all pairs of cells.
"""

from __future__ import annotations

import math

from keras import ops

from gwkeras.core.grid import EARTH_RADIUS_KM


def fine_latitudes(latitude, factor: int):
    """Centres of the fine rows inside evenly spaced coarse ones.

    Args:
        latitude: (H,) degrees.
        factor: s.
    Returns: (sH,) degrees.

    >>> import numpy as np
    >>> np.asarray(fine_latitudes(np.array([10.0, 10.5]), 2)).tolist()
    [9.875, 10.125, 10.375, 10.625]
    """
    rows = ops.shape(latitude)[0]
    gap = ops.cast(ops.maximum(rows - 1, 1), "float64")
    step = (latitude[-1] - latitude[0]) / gap / factor
    offsets = ops.convert_to_tensor([phase + 0.5 - factor / 2 for phase in range(factor)], dtype="float64")
    return ops.reshape(latitude[:, None] + step * offsets, (rows * factor,))


def squared_chords(latitude, other, apart):
    """Squared straight distances through the Earth between points on parallels.

    Args:
        latitude: (n,) degrees.
        other: (m,) degrees.
        apart: (k,) differences of longitude, degrees.
    Returns: (n, m, k) km².

    >>> import numpy as np
    >>> pole = squared_chords(np.array([90.0]), np.array([-90.0]), np.array([0.0]))
    >>> round(float(np.asarray(pole)[0, 0, 0]) ** 0.5)  # the Earth's diameter
    12742
    """
    north, south, turned = (values * (math.pi / 180.0) for values in (latitude, other, apart))
    along = ops.square(ops.sin((north[:, None] - south[None]) / 2))
    across = ops.cos(north)[:, None] * ops.cos(south)[None]
    return 4 * EARTH_RADIUS_KM**2 * (along[..., None] + across[..., None] * ops.square(ops.sin(turned / 2)))


def mixture(squared, amplitudes: tuple[float, ...], lengths_km: tuple[float, ...]):
    """Σ aₖ exp(−d² / 2 lₖ²).

    Args:
        squared: km².
        amplitudes: mm².
        lengths_km: each twice the one before it: the longest takes an exponential, the others follow by squaring twice.
    Returns: mm², the same shape.

    >>> import numpy as np
    >>> float(np.asarray(mixture(np.zeros(1), (2.0, 3.0), (10.0, 20.0)))[0])
    5.0
    """
    power = ops.exp(squared * (-0.5 / lengths_km[-1] ** 2))
    result = amplitudes[-1] * power
    for amplitude in amplitudes[-2::-1]:
        power = ops.square(ops.square(power))
        result = result + amplitude * power
    return result


def row_weights(latitude, factor: int):
    """Share of its coarse cell's area that each fine row has.

    Args:
        latitude: (sH,) degrees, of the fine rows.
        factor: s.
    Returns: (H, s).

    >>> import numpy as np
    >>> np.asarray(row_weights(np.array([-0.5, 0.5]), 2)).round(3).tolist()
    [[0.5, 0.5]]
    """
    area = ops.reshape(ops.cos(latitude * (math.pi / 180.0)), (-1, factor))
    return area / ops.sum(area, axis=1, keepdims=True)


def fine_to_cell(latitude, columns, lon_step: float, factor: int, amplitudes: tuple[float, ...], lengths_km: tuple[float, ...]):
    """Covariance between fine centres and means of coarse cells.

    A mean is over the s × s centres in its cell, weighted by area; the cell counts as land throughout.

    Args:
        latitude: (H,) degrees, of the coarse rows.
        columns: W.
        lon_step: of the coarse grid, degrees.
        factor: s.
        amplitudes: of the mixture, mm².
        lengths_km: of the mixture.
    Returns: (sH, H, s (2W − 1)) mm²: fine row, coarse row, and s (W − 1) plus the fine column less s times the coarse one.

    >>> import numpy as np
    >>> np.asarray(fine_to_cell(np.array([10.0, 10.5]), 3, 0.5, 4, (2.0,), (100.0,))).shape
    (8, 2, 20)
    """
    fine, rows = fine_latitudes(latitude, factor), ops.shape(latitude)[0]
    apart = ops.cast(ops.arange(factor * columns), "float64") * (lon_step / factor)
    points = mixture(squared_chords(fine, fine, apart), amplitudes, lengths_km)
    points = ops.reshape(points, (factor * rows, rows, factor, factor * columns))
    means = ops.sum(points * row_weights(fine, factor)[None, :, :, None], axis=2)  # (sH, H, sW)
    steps = ops.arange(factor * (2 * columns - 1)) - factor * (columns - 1)
    return sum(ops.take(means, ops.abs(steps - phase), axis=2) for phase in range(factor)) / factor


def cell_to_cell(table, latitude, factor: int):
    """Covariance between the means of coarse cells.

    Args:
        table: of `fine_to_cell`.
        latitude: (H,) degrees, of the coarse rows.
        factor: s.
    Returns: (H W, H W) mm².

    >>> import numpy as np
    >>> latitude = np.array([10.0, 10.5])
    >>> covariance = np.asarray(cell_to_cell(fine_to_cell(latitude, 3, 0.5, 4, (2.0,), (100.0,)), latitude, 4))
    >>> covariance.shape, bool(np.allclose(covariance, covariance.T)), bool((np.diag(covariance) < 2.0).all())
    ((6, 6), True, True)
    """
    rows = ops.shape(latitude)[0]
    weights = row_weights(fine_latitudes(latitude, factor), factor)
    spans = ops.shape(table)[2] // factor  # 2W − 1 differences of columns
    columns = (spans + 1) // 2
    means = ops.mean(ops.reshape(table, (rows, factor, rows, spans, factor)), axis=4)
    means = ops.sum(means * weights[:, :, None, None], axis=1)  # (H, H, 2W − 1)
    places = ops.arange(columns)
    pairs = ops.take(means, places[:, None] - places[None] + columns - 1, axis=2)  # (H, H, W, W)
    return ops.reshape(ops.transpose(pairs, (0, 2, 1, 3)), (rows * columns, rows * columns))


def rows_of(table, row, columns, factor: int):
    """The covariances of the fine cells of one coarse row with all coarse cells, as a matrix.

    Args:
        table: of `fine_to_cell`.
        row: which coarse row.
        columns: W.
        factor: s.
    Returns: (s · sW, H W) mm².

    >>> import numpy as np
    >>> table = fine_to_cell(np.array([10.0, 10.5]), 3, 0.5, 4, (2.0,), (100.0,))
    >>> np.asarray(rows_of(table, 1, 3, 4)).shape
    (48, 6)
    """
    band = table[row * factor : (row + 1) * factor]  # (s, H, s (2W − 1))
    places = ops.arange(factor * columns)[:, None] - factor * ops.arange(columns)[None] + factor * (columns - 1)
    pairs = ops.transpose(ops.take(band, places, axis=2), (0, 2, 1, 3))  # (s, sW, H, W)
    return ops.reshape(pairs, (factor * factor * columns, ops.shape(table)[1] * columns))
