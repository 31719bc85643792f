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
    """Weights (factor, 2r + 1) of the coarse neighbours −r … r for each of the fine cells inside one coarse cell.

    Source: bicubic is Keys (1981), doi 10.1109/TASSP.1981.1163711, with a = −0.5.
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
    """`values` (batch, H, W, C) on cells `factor` times finer, (batch, sH, sW, C); beyond the edge the edge cell is repeated."""
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

    Args: values, mask: (batch, H, W, 1); a cell is missing where `mask` is 0, whatever `values` holds there (NaN too).
    Returns: (batch, H, W, 1), finite.
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

    Args: factor: s; kind: "nearest", "bilinear" or "bicubic".
    Input shape: (batch, H, W, C). Output shape: (batch, sH, sW, C).
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

    Input shape: two of (batch, H, W, 1): values and mask. Output shape: the same.
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
    """Shape (batch, sH, sW, C) of a (batch, H, W, C) tensor refined by `factor`."""
    batch, height, width, channels = shape
    return batch, None if height is None else height * factor, None if width is None else width * factor, channels
