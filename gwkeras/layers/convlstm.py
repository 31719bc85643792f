"""Convolutional LSTM (Shi et al. 2015, arXiv 1506.04214; paper eqs 1–6), unrolled and written for speed."""

from __future__ import annotations

import keras
from keras import ops

from gwkeras.layers import direct, winograd

_GATES = 4  # input, forget, candidate, output: the order of keras.layers.ConvLSTM2D
_WIDE = 32  # filters; below, Winograd's transforms cost what its products save


@keras.saving.register_keras_serializable(package="gwkeras")
class ConvLSTM2D(keras.layers.Layer):
    """`keras.layers.ConvLSTM2D` with "same" padding and unit stride: equal weights, equal result, any height and width.

    Four things make it faster than the stock layer: steps are unrolled over an unstacked list (slicing a 5-D tensor
    makes its gradient fill a tensor of zeros per step), the four gates are one convolution, the first step has neither a
    recurrent convolution nor a forget gate, because the state is zero, and convolutions may be Winograd's.

    Args:
        filters: number of channels of the state.
        kernel_size: side of both kernels, cells.
        return_sequences: whether to return the states of all steps or the last one only.
        kernel_initializer: of the inputs' kernel, as in the stock layer; the forget gate's bias starts at one.
        recurrent_initializer: of the state's kernel, as in the stock layer.
        algorithm: "direct"; "winograd", for 3 × 3 kernels and H, W that are known when a graph is made and divisible by
            four; "auto": winograd where that holds, for 32 filters or more in float32 on TensorFlow without a GPU. The result
            is the same to rounding.

    Input shape: (batch, T, H, W, D); T fixed, H and W free.
    Output shape: (batch, H, W, filters), or (batch, T, H, W, filters) with `return_sequences`.

    >>> import numpy as np
    >>> months = np.zeros((2, 6, 8, 8, 3), "float32")
    >>> tuple(ConvLSTM2D(4)(months).shape), tuple(ConvLSTM2D(4, return_sequences=True)(months).shape)
    ((2, 8, 8, 4), (2, 6, 8, 8, 4))
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        return_sequences=False,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        algorithm="auto",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if algorithm not in ("auto", "direct", "winograd"):
            raise ValueError(f"Expected algorithm to be auto, direct or winograd. Received: algorithm={algorithm}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.return_sequences = return_sequences
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.algorithm = algorithm
        self.input_spec = keras.layers.InputSpec(ndim=5)

    def build(self, input_shape):
        if input_shape[1] is None or input_shape[-1] is None:
            raise ValueError(f"Expected a fixed number of steps and channels. Received: input_shape={input_shape}")
        side, gates = self.kernel_size, _GATES * self.filters
        self.kernel = self.add_weight(
            shape=(side, side, input_shape[-1], gates), initializer=self.kernel_initializer, name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(side, side, self.filters, gates), initializer=self.recurrent_initializer, name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(gates,), initializer=self._unit_forget_bias, name="bias")
        self.input_spec = keras.layers.InputSpec(ndim=5, axes={1: input_shape[1], -1: input_shape[-1]})
        self.built = True

    def _unit_forget_bias(self, shape, dtype=None):
        ones = ops.ones((self.filters,), dtype)
        return ops.concatenate([ops.zeros((self.filters,), dtype), ones, ops.zeros((2 * self.filters,), dtype)])

    def call(self, inputs):
        way = winograd if self._tiled(inputs.shape) else direct
        steps = way.to_steps(inputs)
        kernel, recurrent, bias = (ops.cast(w, self.compute_dtype) for w in (self.kernel, self.recurrent_kernel, self.bias))
        # One kernel over [input, state] costs the same multiplications as two and saves adding the two results.
        both = way.transform_kernel(ops.concatenate([kernel, recurrent], axis=2))
        state, carry = self._first_step(way, steps[0], kernel, bias)
        states = [state]
        for step in steps[1:]:
            gates = way.convolve(ops.concatenate([step, state], axis=-1), both, bias)
            i, f, c, o = ops.split(gates, _GATES, axis=-1)
            carry = ops.sigmoid(f) * carry + ops.sigmoid(i) * ops.tanh(c)
            state = ops.sigmoid(o) * ops.tanh(carry)
            states.append(state)
        return way.from_steps(states) if self.return_sequences else way.from_steps([state])[:, 0]

    def _first_step(self, way, step, kernel, bias):
        kernel, bias = (self._without_forget_gate(weights) for weights in (kernel, bias))
        i, c, o = ops.split(way.convolve(step, way.transform_kernel(kernel), bias), _GATES - 1, axis=-1)
        carry = ops.sigmoid(i) * ops.tanh(c)
        return ops.sigmoid(o) * ops.tanh(carry), carry

    def _without_forget_gate(self, weights):
        i, _, c, o = ops.split(weights, _GATES, axis=-1)
        return ops.concatenate([i, c, o], axis=-1)

    def _tiled(self, shape) -> bool:
        possible = self.kernel_size == 3 and all(size and size % winograd.TILE == 0 for size in shape[2:4])
        if self.algorithm == "winograd" and not possible:
            raise ValueError(
                f"Expected a kernel of 3 × 3 and height and width known and divisible by four. Received: inputs.shape={shape}, "
                f"kernel_size={self.kernel_size}"
            )
        if self.algorithm != "auto" or not possible:
            return self.algorithm == "winograd"
        # GPUs' libraries pick among algorithms themselves, and fewer digits do not bear the transforms.
        plain = keras.backend.backend() == "tensorflow" and self.compute_dtype == "float32"
        return self.filters >= _WIDE and plain and not keras.distribution.list_devices("gpu")

    def compute_output_shape(self, input_shape):
        batch, steps, height, width, _ = input_shape
        middle = (steps,) if self.return_sequences else ()
        return (batch, *middle, height, width, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "return_sequences": self.return_sequences,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
            "algorithm": self.algorithm,
        }
