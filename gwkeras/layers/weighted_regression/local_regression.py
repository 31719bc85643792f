"""A linear regression whose coefficients are those of least squares, times local weights."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="gwkeras")
class LocalRegression(keras.layers.Layer):
    """ŷ = Σ_k β_k w_k x_k, with β_k w_k = β_k + scale_k g_k and g a network's answer at the row's place.

    This is GNNWR's equation (Du et al. 2020, doi 10.1080/13658816.2019.1707834): w = 1 + scale g / β. Written with the sum, a
    coefficient whose global value is nearly 0 can still vary, and a network that answers 0 is least squares itself.

    Args:
        coefficients: (k,) β, the last one of the constant 1.
        scales: (k,) what an answer of 1 adds to each.
    Input shape: g (batch, ..., member, k) and x (batch, ..., k), of which the last is 1.
    Output shape: (batch, ..., member).

    >>> import numpy as np
    >>> layer = LocalRegression([2.0, 1.0], [1.0, 1.0])
    >>> np.asarray(layer(np.array([[[0.5, 0.0]]], "float32"), np.array([[4.0, 1.0]], "float32"))).tolist()
    [[11.0]]
    """

    def __init__(self, coefficients, scales, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.coefficients, self.scales = [float(c) for c in coefficients], [float(s) for s in scales]

    def call(self, answers, predictors):
        coefficients = ops.convert_to_tensor(self.coefficients, dtype=self.compute_dtype)
        scales = ops.convert_to_tensor(self.scales, dtype=self.compute_dtype)
        local = coefficients + scales * answers
        return ops.sum(local * ops.expand_dims(predictors, -2), axis=-1)

    def compute_output_shape(self, answers_shape, predictors_shape):
        return tuple(answers_shape[:-1])

    def get_config(self):
        return {**super().get_config(), "coefficients": self.coefficients, "scales": self.scales}
