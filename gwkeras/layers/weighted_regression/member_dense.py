"""The same dense layer for several networks that differ in their weights, in one product of matrices."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="gwkeras")
class MemberDense(keras.layers.Layer):
    """W x + b for each member of an ensemble.

    Args:
        units: of the output.
        kernel_initializer: of each member's W, drawn for each by itself.
    Input shape: (batch, ..., member, features).
    Output shape: (batch, ..., member, units).

    >>> import numpy as np
    >>> layer = MemberDense(1, kernel_initializer="ones")
    >>> np.asarray(layer(np.array([[[1.0, 2.0], [3.0, 4.0]]], "float32"))).tolist()
    [[[3.0], [7.0]]]
    """

    def __init__(self, units, kernel_initializer="he_normal", **kwargs):
        super().__init__(**kwargs)
        self.units = int(units)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        members, features = input_shape[-2:]
        # (features, member · units), for initialisers take the first axis for what is summed over
        self.kernel = self.add_weight(name="kernel", shape=(features, members * self.units), initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(members, self.units), initializer="zeros")

    def call(self, inputs):
        members, features = inputs.shape[-2:]
        kernel = ops.transpose(ops.reshape(self.kernel, (features, members, self.units)), (1, 0, 2))
        rows = ops.transpose(ops.reshape(inputs, (-1, members, features)), (1, 0, 2))  # one product of matrices a member
        found = ops.transpose(ops.matmul(rows, kernel), (1, 0, 2)) + self.bias
        return ops.reshape(found, (-1, *inputs.shape[1:-1], self.units))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), "units": self.units, "kernel_initializer": initializer}
