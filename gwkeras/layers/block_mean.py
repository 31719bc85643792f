"""Weighted means of the fine cells inside each coarse cell, and the deviations from them."""

from __future__ import annotations

import keras
from keras import ops

from gwkeras.layers.cell_area import fine_row_area
from gwkeras.layers.interpolation import upsample


def block_sum(values, factor: int):
    """Sums over blocks of factor × factor cells.

    Args:
        values: (batch, sH, sW, C).
        factor: s.
    Returns: (batch, H, W, C).

    >>> import numpy as np
    >>> float(block_sum(np.ones((1, 4, 4, 1), "float32"), 4)[0, 0, 0, 0])
    16.0
    """
    if factor == 1:
        return values
    batch, rows, cols, channels = ops.shape(values)
    rows, cols = rows // factor, cols // factor
    # Two short sums over an inner axis each: one sum over two separated axes makes TensorFlow transpose first.
    across = ops.sum(ops.reshape(values, (batch, rows * factor, cols, factor, channels)), axis=3)
    return ops.sum(ops.reshape(across, (batch, rows, factor, cols, channels)), axis=2)


def block_mean(values, weights, factor: int):
    """(mean, weight) of each block; the mean is 0 where a block has no weight.

    Args:
        values: (batch, sH, sW, C), finite.
        weights: (batch, sH, sW, 1), not negative.
        factor: s.
    Returns: (batch, H, W, C) and (batch, H, W, 1).

    >>> import numpy as np
    >>> values = np.array([[1.0, 3.0], [5.0, 7.0]], "float32")[None, ..., None]
    >>> weights = np.array([[1.0, 1.0], [2.0, 0.0]], "float32")[None, ..., None]
    >>> [float(x[0, 0, 0, 0]) for x in block_mean(values, weights, 2)]
    [3.5, 4.0]
    """
    total = block_sum(weights, factor)
    return block_sum(values * weights, factor) / ops.where(total > 0, total, 1.0), total


@keras.saving.register_keras_serializable(package="gwkeras")
class BlockDeviation(keras.layers.Layer):
    """A fine field minus the mean, weighted by cell area × land, of its coarse cell; divided by fixed scales; 0 off land.

    Networks that were saved before `gwkeras.layers.detail.Detail` took its place hold this layer; none is built with it.

    Args:
        factor: s.
        scale: one divisor per channel, the training split's standard deviation of deviations.
    Input shape: fields (batch, sH, sW, K), land_fine (batch, sH, sW, 1), latitude (batch, H).
    Output shape: (batch, sH, sW, K).

    >>> import numpy as np
    >>> elevation = np.array([100.0, 300.0, 500.0, 500.0], "float32").reshape(1, 1, 4, 1).repeat(2, axis=1)
    >>> deviation = BlockDeviation(factor=2, scale=[100.0])(elevation, np.ones_like(elevation), np.zeros((1, 1), "float32"))
    >>> np.asarray(deviation)[0, 0, :, 0].tolist()
    [-1.0, 1.0, 0.0, 0.0]
    """

    def __init__(self, factor, scale, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.factor, self.scale = factor, [float(value) for value in scale]

    def call(self, fields, land_fine, latitude):
        mean, _ = block_mean(fields, land_fine * fine_row_area(latitude, self.factor), self.factor)
        deviation = (fields - upsample(mean, self.factor, "nearest")) / ops.convert_to_tensor(self.scale, dtype=fields.dtype)
        return ops.where(land_fine > 0, deviation, 0.0)

    def compute_output_shape(self, fields_shape, land_fine_shape=None, latitude_shape=None):
        return tuple(fields_shape)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "scale": self.scale}


@keras.saving.register_keras_serializable(package="gwkeras")
class BlockLevel(keras.layers.Layer):
    """The mean, weighted by cell area × land, of a fine field over each coarse cell, standardised; 0 where there is no land.

    The counterpart of `gwkeras.layers.detail.Detail`: long memories and maps as the coarse grid sees them.

    Args:
        factor: s.
        mean: one per channel, of the training split.
        std: the same.
    Input shape: fields (batch, sH, sW, K), land_fine (batch, sH, sW, 1), latitude (batch, H).
    Output shape: (batch, H, W, K).

    >>> import numpy as np
    >>> elevation = np.array([100.0, 300.0, 500.0, 500.0], "float32").reshape(1, 1, 4, 1).repeat(2, axis=1)
    >>> layer = BlockLevel(factor=2, mean=[400.0], std=[100.0])
    >>> level = layer(elevation, np.ones_like(elevation), np.zeros((1, 1), "float32"))
    >>> np.asarray(level)[0, 0, :, 0].tolist()
    [-2.0, 1.0]
    """

    def __init__(self, factor, mean, std, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.factor = factor
        self.mean, self.std = [float(value) for value in mean], [float(value) for value in std]

    def call(self, fields, land_fine, latitude):
        level, weight = block_mean(fields, land_fine * fine_row_area(latitude, self.factor), self.factor)
        scaled = (level - ops.convert_to_tensor(self.mean, dtype=fields.dtype)) / ops.convert_to_tensor(
            self.std, dtype=fields.dtype
        )
        return ops.where(weight > 0, scaled, 0.0)

    def compute_output_shape(self, fields_shape, land_fine_shape=None, latitude_shape=None):
        batch, rows, cols, channels = fields_shape
        return (batch, rows and rows // self.factor, cols and cols // self.factor, channels)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "mean": self.mean, "std": self.std}
