"""What is left of a fine field once its coarse cells' means are carried back to the fine grid: f − I H f."""

from __future__ import annotations

import keras
from keras import ops

from gwkeras.layers.block_mean import block_mean
from gwkeras.layers.cell_area import fine_row_area
from gwkeras.layers.conservation import conserve
from gwkeras.layers.interpolation import fill_missing, upsample


def carry(coarse, weights, land, factor: int):
    """I: bicubic interpolation of a coarse field (Keys, missing cells filled), made conservative.

    Args:
        coarse: (batch, H, W, C).
        weights: (batch, sH, sW, 1) cell area × land fraction.
        land: (batch, H, W, 1); a cell is missing where it is 0.
        factor: s.
    Returns: (batch, sH, sW, C); its block means are `coarse`.

    >>> import numpy as np
    >>> coarse, fine = np.array([[0.0, 8.0]], "float32").reshape(1, 1, 2, 1), np.ones((1, 2, 4, 1), "float32")
    >>> [round(float(value), 1) for value in carry(coarse, fine, np.ones_like(coarse), 2)[0, 0, :, 0]]
    [-1.1, 1.1, 6.9, 9.1]
    """
    return conserve(upsample(fill_missing(coarse, land), factor, "bicubic"), coarse, weights, land, factor)


def detail(fine, weights, factor: int):
    """f − I H f: what the carried coarse field cannot show of a fine one. Its block means are 0.

    Args:
        fine: (batch, sH, sW, C), finite.
        weights: (batch, sH, sW, 1) cell area × land fraction.
        factor: s.
    Returns: (batch, sH, sW, C); 0 where there is no weight.

    >>> import numpy as np
    >>> fine = np.array([1.0, 3.0], "float32").reshape(1, 1, 2, 1).repeat(2, axis=1)
    >>> np.asarray(detail(fine, np.ones_like(fine), 2))[0, 0, :, 0].tolist()
    [-1.0, 1.0]
    """
    mean, total = block_mean(fine, weights, factor)
    return ops.where(weights > 0, fine - carry(mean, weights, total, factor), 0.0)


@keras.saving.register_keras_serializable(package="gwkeras")
class Detail(keras.layers.Layer):
    """`detail` with weights of spherical cell area × land fraction, divided by fixed scales; 0 off land; float32.

    I is what the observation is carried by, so that what stands beside it means the same at every scale. Against the nearest
    block mean it would not: the difference between that mean and its interpolation is another one two degrees wide than
    half a degree wide.

    Args:
        factor: s.
        scale: one divisor per channel, the training split's standard deviation of such detail.
    Input shape: fields (batch, sH, sW, K), land_fine (batch, sH, sW, 1), latitude (batch, H).
    Output shape: (batch, sH, sW, K).

    >>> import numpy as np
    >>> slope = np.arange(16.0, dtype="float32").reshape(1, 1, 16, 1).repeat(4, axis=1)
    >>> left = Detail(factor=4, scale=[1.0])(slope, np.ones_like(slope), np.zeros((1, 1), "float32"))
    >>> bool(np.abs(np.asarray(left)[0, 0, 8:12]).max() < 0.3)  # 1.5 against the nearest mean
    True
    """

    def __init__(self, factor, scale, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.factor, self.scale = factor, [float(value) for value in scale]

    def call(self, fields, land_fine, latitude):
        left = detail(fields, land_fine * fine_row_area(latitude, self.factor), self.factor)
        return left / ops.convert_to_tensor(self.scale, dtype=left.dtype)

    def compute_output_shape(self, fields_shape, land_fine_shape=None, latitude_shape=None):
        return tuple(fields_shape)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "scale": self.scale}
