"""Several trained networks as one: a deep ensemble (Lakshminarayanan et al. 2017, arXiv 1612.01474)."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="gwkeras")
class Mixture(keras.layers.Layer):
    """Mean and variance of an even mixture of Normals: the mean of the means; the mean variance and the spread of the means.

    Input shape:
        Means of n members and their variances, 2n tensors of one shape: means first.

    Output shape:
        (mean, variance), each of that shape.

    >>> import numpy as np
    >>> mean, variance = Mixture()([np.array([2.0]), np.array([4.0]), np.array([1.0]), np.array([3.0])])
    >>> float(mean[0]), float(variance[0])
    (3.0, 3.0)
    """

    def call(self, inputs: Sequence[object]) -> tuple[object, object]:
        members = len(inputs) // 2
        means, variances = ops.stack(inputs[:members]), ops.stack(inputs[members:])
        mean = ops.mean(means, axis=0)
        return mean, ops.mean(variances, axis=0) + ops.mean(ops.square(means - mean), axis=0)

    def compute_output_shape(self, input_shape: Sequence[tuple]) -> tuple[tuple, tuple]:
        return tuple(input_shape[0]), tuple(input_shape[0])


def ensemble_model(members: Sequence[keras.Model]) -> keras.Model:
    """One network of several that take the same inputs; its weights are theirs.

    Args:
        members: from the sample's inputs to {"mean", "variance"}.

    >>> def member(mean):
    ...     x = keras.Input((2,), name="gwsa")
    ...     line = keras.layers.Rescaling
    ...     return keras.Model([x], [line(1.0, mean, name="mean")(x), line(0.0, 1.0, name="variance")(x)])
    >>> found = ensemble_model([member(-1.0), member(1.0)])({"gwsa": ops.zeros((1, 2))})
    >>> float(found["mean"][0, 0]), float(found["variance"][0, 0])  # 1, and the spread of -1 and 1
    (0.0, 2.0)
    """
    inputs = {tensor.name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=tensor.name) for tensor in members[0].inputs}
    outputs = []
    for number, member in enumerate(members, start=1):
        # Models of one name cannot stand side by side.
        named = keras.Model(member.inputs, member.outputs, name=f"member_{number}")
        outputs.append(dict(zip(member.output_names, named(list(inputs.values())), strict=True)))
    mixed = Mixture(dtype="float32", name="mixture")([o["mean"] for o in outputs] + [o["variance"] for o in outputs])
    return keras.Model(list(inputs.values()), {"mean": mixed[0], "variance": mixed[1]}, name="ensemble")
