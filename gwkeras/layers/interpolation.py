"""Upsampling by a whole factor with half-pixel centres, and the rule for missing cells, as keras.ops.

`gwkeras.fields.grids.interpolation` holds the same two functions for numpy; a test keeps them equal.
"""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np
from keras import ops

Kind = Literal["nearest", "bilinear", "bicubic"]


def phase_weights(factor: int, kind: Kind) -> np.ndarray:
    """Weights of the coarse neighbours −r … r for each of the fine cells inside one coarse cell.

    Source: bicubic is Keys (1981), doi 10.1109/TASSP.1981.1163711, with a = −0.5.

    Args:
        factor: s.
        kind: "nearest" (r = 0), "bilinear" (1) or "bicubic" (2).
    Returns: (factor, 2r + 1).

    >>> phase_weights(2, "bilinear").tolist()
    [[0.25, 0.75, 0.0], [0.0, 0.75, 0.25]]
    """
    radius = {"nearest": 0, "bilinear": 1, "bicubic": 2}[kind]
    offset = np.arange(-radius, radius + 1)
    position = (np.arange(factor) + 0.5) / factor - 0.5  # of fine centres, in coarse cells from the coarse centre
    distance = np.abs(position[:, None] - offset)
    if kind == "nearest":
        return np.ones((factor, 1))
    if kind == "bilinear":
        return np.maximum(1.0 - distance, 0.0)
    a, d = -0.5, distance
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def upsample(values, factor: int, kind: Kind = "bilinear"):
    """A coarse field on finer cells; beyond the edge the edge cell is repeated.

    Args:
        values: (batch, H, W, C).
        factor: s.
        kind: "nearest", "bilinear" or "bicubic".
    Returns: (batch, sH, sW, C).

    >>> import numpy as np
    >>> steps = np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1)
    >>> np.asarray(upsample(steps, 2))[0, 0, :, 0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    if factor == 1:
        return values
    weights = phase_weights(factor, kind)
    return _along(_along(values, weights, axis=1), weights, axis=2)


def _along(values, weights: np.ndarray, axis: int):
    factor, taps = weights.shape
    radius = taps // 2
    first, last = _slice(values, axis, 0, 1), _slice(values, axis, -1, None)
    padded = ops.concatenate([first] * radius + [values] + [last] * radius, axis=axis) if radius else values
    length = ops.shape(values)[axis]
    shifted = [_slice(padded, axis, tap, tap + length) for tap in range(taps)]
    phases = []
    for row in weights:
        terms = [shifted[tap] * float(row[tap]) for tap in range(taps) if row[tap]]
        phases.append(sum(terms[1:], terms[0]))
    shape = list(ops.shape(values))
    shape[axis] = length * factor
    return ops.reshape(ops.stack(phases, axis=axis + 1), shape)


def _slice(values, axis: int, start, stop):
    return values[(slice(None),) * axis + (slice(start, stop),)]


def fill_missing(values, mask, passes: int = 2):
    """Fills cells without data from their neighbours, so that interpolation near coasts does not mix in zeros.

    In each pass every missing cell with at least one valid cell in its 3 × 3 window takes the mean of those and becomes
    valid; there is nothing outside the array. Cells still missing after all passes are 0.

    Args:
        values: (batch, H, W, 1).
        mask: (batch, H, W, 1); a cell is missing where it is 0, whatever `values` holds there (NaN too).
        passes: how many cells deep.
    Returns: (batch, H, W, 1), finite.

    >>> import numpy as np
    >>> values = np.array([2.0, 6.0, np.nan, np.nan, np.nan], "float32").reshape(1, 1, 5, 1)
    >>> np.asarray(fill_missing(values, np.isfinite(values).astype("float32")))[0, 0, :, 0].tolist()
    [2.0, 6.0, 6.0, 6.0, 0.0]
    """
    valid = ops.cast(mask > 0, values.dtype)
    filled = ops.where(mask > 0, values, ops.zeros_like(values))
    for _ in range(passes):
        count = _window_sum(valid)
        mean = _window_sum(filled) / ops.maximum(count, 1.0)
        filled = ops.where(valid > 0, filled, mean)
        valid = ops.cast(count > 0, values.dtype)
    return filled


def _window_sum(values):
    for axis in (1, 2):
        length = ops.shape(values)[axis]
        zero = ops.zeros_like(_slice(values, axis, 0, 1))
        padded = ops.concatenate([zero, values, zero], axis=axis)
        values = sum((_slice(padded, axis, tap, tap + length) for tap in (1, 2)), _slice(padded, axis, 0, length))
    return values


@keras.saving.register_keras_serializable(package="gwkeras")
class Upsampling(keras.layers.Layer):
    """`upsample` as a layer.

    Args:
        factor: s.
        kind: "nearest", "bilinear" or "bicubic".
    Input shape: (batch, H, W, C).
    Output shape: (batch, sH, sW, C).

    >>> import numpy as np
    >>> tuple(Upsampling(4, "bicubic")(np.zeros((1, 8, 8, 3), "float32")).shape)
    (1, 32, 32, 3)
    """

    def __init__(self, factor, kind="bilinear", **kwargs):
        super().__init__(**kwargs)
        self.factor, self.kind = factor, kind

    def call(self, inputs):
        return upsample(inputs, self.factor, self.kind)

    def compute_output_shape(self, input_shape):
        return finer_shape(input_shape, self.factor)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "kind": self.kind}


@keras.saving.register_keras_serializable(package="gwkeras")
class FillMissing(keras.layers.Layer):
    """`fill_missing` as a layer, always in float32.

    Args:
        passes: how many cells deep.
    Input shape: values (batch, H, W, 1), mask (batch, H, W, 1).
    Output shape: (batch, H, W, 1).

    >>> import numpy as np
    >>> values = np.array([2.0, np.nan], "float32").reshape(1, 1, 2, 1)
    >>> np.asarray(FillMissing()(values, np.isfinite(values).astype("float32")))[0, 0, :, 0].tolist()
    [2.0, 2.0]
    """

    def __init__(self, passes=2, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.passes = passes

    def call(self, values, mask):
        return fill_missing(values, mask, self.passes)

    def compute_output_shape(self, values_shape, mask_shape=None):
        return tuple(values_shape)

    def get_config(self):
        return {**super().get_config(), "passes": self.passes}


def finer_shape(shape: tuple[int | None, ...], factor: int) -> tuple[int | None, ...]:
    """Shape of a tensor on finer cells.

    Args:
        shape: (batch, H, W, C); None where it is free.
        factor: s.
    Returns: (batch, sH, sW, C).

    >>> finer_shape((None, 8, None, 3), 4)
    (None, 32, None, 3)
    """
    batch, height, width, channels = shape
    return batch, None if height is None else height * factor, None if width is None else width * factor, channels
