"""What a semi-supervised variational autoencoder minimises: minus a lower bound of the log evidence.

The model: y ~ N(0, 1), z ~ N(g(y), 1), x ~ N(decoder(z), s²). It is fitted by q(z | x) and q(y | x), both Normal:

    log p(x, y) ≥ E log p(x | z) − KL(q(z | x) ‖ p(z | y)) + log p(y)                          where y is known
    log p(x)    ≥ E log p(x | z) − E KL(q(z | x) ‖ p(z | y)) − KL(q(y | x) ‖ p(y))             where it is not

E over q. After Zhao et al. (2019, arXiv 1904.05948) and Zhuang et al. (2022, arXiv 2211.05979). The entropy of q(y | x) stands in
the last term with the sign that the bound gives it: it is not to be small where y is unknown, as the latter's code has it.
"""

from __future__ import annotations

import math

import keras
from keras import ops

_LOG_TWO_PI = math.log(2.0 * math.pi)


def divergence(mean, log_variance, other_mean=0.0):
    """Σ KL(N(mean, variance) ‖ N(other mean, 1)) over the last axis.

    >>> float(divergence(ops.ones((1,)), ops.zeros((1,))))  # of two Normals one standard deviation apart
    0.5
    """
    terms = ops.exp(log_variance) + ops.square(mean - other_mean) - 1.0 - log_variance
    return 0.5 * ops.sum(terms, axis=-1)


def negative_log_density(values, mean, log_variance):
    """Σ −log N(values; mean, variance) over the last axis.

    >>> round(float(negative_log_density(ops.zeros((1,)), 0.0, ops.zeros((1,)))), 4)  # ½ log 2π
    0.9189
    """
    return 0.5 * ops.sum(ops.square(values - mean) * ops.exp(-log_variance) + log_variance + _LOG_TWO_PI, axis=-1)


@keras.saving.register_keras_serializable(package="gwkeras")
class NegativeBound(keras.layers.Layer):
    """Minus the bound of each row, at one draw of q; see above.

    Input shape: known (batch, ..., 1) 1 where y is known; y (batch, ..., 1), anything where it is not; y's mean and log variance
        (batch, ..., 1) under q; z's mean and log variance (batch, ..., latent) under q; g(y) (batch, ..., latent), of the known
        y or of a draw; x, the decoder's mean and log variance (batch, ..., features).
    Output shape: (batch, ...).

    >>> one, two = ops.zeros((1, 1)), ops.zeros((1, 2))
    >>> bound = NegativeBound()(one + 1.0, one, one, one, two, two, two, one, one, one)
    >>> round(float(bound[0]), 4)  # q is the prior, so what is left is −log N(x) and −log N(y)
    1.8379
    """

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def call(self, known, y, y_mean, y_log_variance, z_mean, z_log_variance, expected_z, x, x_mean, x_log_variance):
        shared = negative_log_density(x, x_mean, x_log_variance) + divergence(z_mean, z_log_variance, expected_z)
        of_known = negative_log_density(y, ops.zeros_like(y), ops.zeros_like(y))
        of_unknown = divergence(y_mean, y_log_variance)
        return shared + ops.where(known[..., 0] > 0, of_known, of_unknown)

    def compute_output_shape(self, known_shape, *_):
        return tuple(known_shape[:-1])
