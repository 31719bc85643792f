"""A draw from a Normal distribution that gradients pass through."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="gwkeras")
class NormalSample(keras.layers.Layer):
    """mean + exp(½ log variance) · ε while training, the mean otherwise (Kingma & Welling 2014, arXiv 1312.6114).

    Args:
        seed: of ε.
    Input shape: mean and log variance, (batch, ...) each.
    Output shape: the same.

    >>> import numpy as np
    >>> float(NormalSample(seed=0)(np.array([[2.0]], "float32"), np.array([[0.0]], "float32"))[0, 0])
    2.0
    """

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = int(seed)
        self._generator = keras.random.SeedGenerator(self.seed)

    def call(self, mean, log_variance, training=False):
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self._generator)
        return mean + ops.exp(0.5 * log_variance) * noise

    def compute_output_shape(self, mean_shape, log_variance_shape):
        return tuple(mean_shape)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
