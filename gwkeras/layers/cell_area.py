"""Relative areas of latitude/longitude cells, from the latitudes that a sample carries."""

from __future__ import annotations

from keras import ops


def fine_row_area(latitude, factor: int):
    """Area of one cell of each fine row, up to a factor common to all rows: sin φ₂ − sin φ₁.

    Written as 2 cos φ sin(Δφ/2) with cos φ = sin(90° − |φ|): the plain difference loses five of float32's seven digits.
    Rows are cut at the poles; rows beyond them, which padding makes, have no area.

    Args:
        latitude: (batch, H) centres of evenly spaced coarse rows, degrees.
        factor: s fine rows to one of these.
    Returns: (batch, sH, 1, 1).

    >>> import numpy as np
    >>> [round(float(area), 3) for area in fine_row_area(np.array([[0.0, 30.0, 60.0]], "float32"), 1)[0, :, 0, 0]]
    [1.0, 0.866, 0.5]
    """
    rows = ops.shape(latitude)[1]
    last_gap = ops.cast(ops.maximum(rows - 1, 1), latitude.dtype)
    step = (latitude[:, -1:] - latitude[:, :1]) / last_gap / factor  # (batch, 1), of fine rows
    offset = [phase + 0.5 - factor / 2 for phase in range(factor)]
    centre = ops.stack([latitude + step * value for value in offset], axis=2)  # (batch, H, s)
    height = ops.expand_dims(ops.maximum(ops.abs(step), 1e-6), 2)
    beyond = ops.maximum(ops.abs(centre) + height / 2 - 90.0, 0.0)
    share = ops.maximum(1.0 - beyond / height, 0.0)
    from_pole = ops.maximum(90.0 - ops.abs(centre) + beyond / 2, 0.0)
    area = ops.sin(from_pole * (3.141592653589793 / 180.0)) * share
    return ops.reshape(area, (ops.shape(latitude)[0], rows * factor, 1, 1))
