"""Mass conservation as a layer: the fine field averages to the coarse one."""

from __future__ import annotations

import keras
from keras import ops

from gwkeras.layers.block_mean import block_mean
from gwkeras.layers.cell_area import fine_row_area
from gwkeras.layers.interpolation import upsample


def conserve(fine, coarse, weights, land, factor: int):
    """ŷ ← ŷ + nearest(coarse − blockmean(ŷ)): the smallest change (least squares) that restores each block's mean.

    Additive because anomalies change sign, where multiplicative and softmax forms fail (Harder et al. 2023, JMLR 24, 1–40).

    Args:
        fine: (batch, sH, sW, 1) mm, finite.
        coarse: (batch, H, W, 1) mm.
        weights: (batch, sH, sW, 1) cell area × land fraction.
        land: (batch, H, W, 1); a block whose `land` or summed weight is 0 stays as it is, and so do cells of no weight.
        factor: s.
    Returns: (batch, sH, sW, 1) mm.

    >>> import numpy as np
    >>> fine = np.array([[1.0, 2.0], [3.0, 6.0]], "float32")[None, ..., None]
    >>> coarse = np.full((1, 1, 1, 1), 10.0, "float32")
    >>> np.asarray(conserve(fine, coarse, np.ones_like(fine), np.ones_like(coarse), 2))[0, ..., 0].tolist()
    [[8.0, 9.0], [10.0, 13.0]]
    """
    mean, total = block_mean(fine, weights, factor)
    known = ops.logical_and(total > 0, land > 0)
    correction = upsample(ops.where(known, coarse - mean, 0.0), factor, "nearest")
    return fine + ops.where(weights > 0, correction, 0.0)


@keras.saving.register_keras_serializable(package="gwkeras")
class Conservation(keras.layers.Layer):
    """`conserve` with weights of spherical cell area × land fraction, always in float32; exact to about 1e-5 mm.

    Args:
        factor: s.
    Input shape: fine (batch, sH, sW, 1), coarse (batch, H, W, 1), land_fine (batch, sH, sW, 1), land (batch, H, W, 1),
        latitude (batch, H) in degrees.
    Output shape: (batch, sH, sW, 1).

    >>> import numpy as np
    >>> fine, coarse = np.zeros((1, 4, 4, 1), "float32"), np.full((1, 2, 2, 1), 10.0, "float32")
    >>> latitude = np.array([[0.25, 0.75]], "float32")
    >>> kept = Conservation(factor=2)(fine, coarse, np.ones_like(fine), np.ones_like(coarse), latitude)
    >>> float(kept[0, 0, 0, 0])
    10.0
    """

    def __init__(self, factor, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.factor = factor

    def call(self, fine, coarse, land_fine, land, latitude):
        return conserve(fine, coarse, land_fine * fine_row_area(latitude, self.factor), land, self.factor)

    def compute_output_shape(self, fine_shape, coarse_shape=None, land_fine_shape=None, land_shape=None, latitude_shape=None):
        return tuple(fine_shape)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
