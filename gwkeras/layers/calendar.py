"""Maps of season and time, so that convolutions know the month."""

from __future__ import annotations

import math

import keras
from keras import ops

_MIDDLE, _SPAN = 129.0, 129.0  # months since 2002-01: the GRACE era 2002–2023 falls into −1 … 1


@keras.saving.register_keras_serializable(package="gwkeras")
class CalendarMaps(keras.layers.Layer):
    """Sine and cosine of the calendar month and the scaled time, constant over each map.

    Input shape: time (batch,) in months since 2002-01, and any field (batch, H, W, C) that gives height and width.
    Output shape: (batch, H, W, 3).

    >>> import numpy as np
    >>> maps = CalendarMaps()(np.array([3.0], "float32"), np.zeros((1, 8, 8, 5), "float32"))  # April 2002
    >>> tuple(maps.shape), [round(float(value), 3) + 0.0 for value in maps[0, 0, 0]]
    ((1, 8, 8, 3), [1.0, 0.0, -0.977])
    """

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def call(self, time, like):
        phase = time * (2.0 * math.pi / 12.0)
        maps = ops.stack([ops.sin(phase), ops.cos(phase), (time - _MIDDLE) / _SPAN], axis=-1)[:, None, None, :]
        return ops.ones_like(like[..., :1]) * maps

    def compute_output_shape(self, time_shape, like_shape):
        return (*like_shape[:-1], 3)
