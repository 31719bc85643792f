"""Fixed scalings inside the model, so that it takes and returns physical units."""

from __future__ import annotations

import keras
from keras import ops


def _as_list(values) -> list[float]:
    return [float(value) for value in (values if isinstance(values, (list, tuple)) else (values,))]


class _Scaling(keras.layers.Layer):
    def __init__(self, mean, std, dtype="float32", **kwargs):
        # float32 whatever the policy: a pressure of 101 325 Pa has no digits left in bfloat16.
        super().__init__(dtype=dtype, **kwargs)
        self.mean, self.std = _as_list(mean), _as_list(std)

    def _constants(self):
        return ops.convert_to_tensor(self.mean, dtype=self.compute_dtype), ops.convert_to_tensor(
            self.std, dtype=self.compute_dtype
        )

    def compute_output_shape(self, input_shape, *_):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "std": self.std}


@keras.saving.register_keras_serializable(package="gwkeras")
class Standardize(_Scaling):
    """(x − mean) / std per channel of the last axis; 0 where the optional second input, a mask, is 0.

    Args:
        mean: one number, or one per channel; a constant, not a weight.
        std: the same.
    Input shape: (batch, ..., C), and optionally a mask that broadcasts to it.
    Output shape: (batch, ..., C).

    >>> import numpy as np
    >>> celsius = np.array([[5.0, 15.0, 99.0]], "float32")[..., None]
    >>> scaled = Standardize(mean=10.0, std=5.0)(celsius, np.array([[1.0, 1.0, 0.0]], "float32")[..., None])
    >>> np.asarray(scaled).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """

    def call(self, inputs, mask=None):
        mean, std = self._constants()
        scaled = (inputs - mean) / std
        return scaled if mask is None else ops.where(mask > 0, scaled, 0.0)


@keras.saving.register_keras_serializable(package="gwkeras")
class Unstandardize(_Scaling):
    """x · std + mean per channel of the last axis: the inverse of `Standardize`.

    Args:
        mean: one number, or one per channel; a constant, not a weight.
        std: the same.
    Input shape: (batch, ..., C).
    Output shape: the same.

    >>> import numpy as np
    >>> np.asarray(Unstandardize(mean=10.0, std=5.0)(np.array([[-1.0], [1.0]], "float32"))).ravel().tolist()
    [5.0, 15.0]
    """

    def call(self, inputs):
        mean, std = self._constants()
        return inputs * std + mean


@keras.saving.register_keras_serializable(package="gwkeras")
class Variance(keras.layers.Layer):
    """scale² · (softplus(x) + floor): a positive variance in mm², in float32.

    Args:
        scale: mm.
        floor: keeps log σ² finite where softplus underflows.
    Input shape: any.
    Output shape: the same.

    >>> import numpy as np
    >>> round(float(Variance(scale=2.0)(np.zeros((1, 1), "float32"))[0, 0]), 4)  # 4 ln 2
    2.7726
    """

    def __init__(self, scale, floor=1e-6, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.scale, self.floor = float(scale), floor

    def call(self, inputs):
        return (ops.softplus(inputs) + self.floor) * self.scale**2

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "floor": self.floor}


@keras.saving.register_keras_serializable(package="gwkeras")
class ConstantVariance(keras.layers.Layer):
    """scale² in every cell, in float32: the variance of a network without an uncertainty head.

    Args:
        scale: mm.
    Input shape: any.
    Output shape: the same.

    >>> import numpy as np
    >>> float(ConstantVariance(scale=2.0)(np.zeros((1, 1), "float32"))[0, 0])
    4.0
    """

    def __init__(self, scale, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.scale = float(scale)

    def call(self, inputs):
        return ops.full_like(inputs, self.scale**2)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
