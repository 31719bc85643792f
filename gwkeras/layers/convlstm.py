"""Convolutional LSTM (Shi et al. 2015, arXiv 1506.04214; paper eqs 1–6), unrolled and written for speed."""

from __future__ import annotations

import keras
from keras import ops

_GATES = 4  # input, forget, candidate, output: the order of keras.layers.ConvLSTM2D


@keras.saving.register_keras_serializable(package="gwkeras")
class ConvLSTM2D(keras.layers.Layer):
    """`keras.layers.ConvLSTM2D` with "same" padding and unit stride: equal weights, equal result, any height and width.

    Three things make it faster than the stock layer: steps are unrolled over an unstacked list (slicing a 5-D tensor
    makes its gradient fill a tensor of zeros per step), the four gates are one convolution, and the first step
    has neither a recurrent convolution nor a forget gate, because the state is zero.

    Args:
        filters: number of channels of the state.
        kernel_size: side of both kernels, cells.
        return_sequences: whether to return the states of all steps or the last one only.
        kernel_initializer, recurrent_initializer: as in the stock layer; the forget gate's bias starts at one.

    Input shape: (batch, T, H, W, D); T fixed, H and W free.
    Output shape: (batch, H, W, filters), or (batch, T, H, W, filters) with `return_sequences`.
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        return_sequences=False,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.return_sequences = return_sequences
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
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
        steps = ops.unstack(inputs, axis=1)
        # One kernel over [input, state] costs the same multiplications as two and saves adding the two results.
        both = ops.concatenate(
            [ops.cast(self.kernel, self.compute_dtype), ops.cast(self.recurrent_kernel, self.compute_dtype)], axis=2
        )
        state, carry = self._first_step(steps[0])
        states = [state]
        for step in steps[1:]:
            gates = self._convolve(ops.concatenate([step, state], axis=-1), both)
            i, f, c, o = ops.split(gates, _GATES, axis=-1)
            carry = ops.sigmoid(f) * carry + ops.sigmoid(i) * ops.tanh(c)
            state = ops.sigmoid(o) * ops.tanh(carry)
            states.append(state)
        return ops.stack(states, axis=1) if self.return_sequences else state

    def _first_step(self, step):
        i, _, c, o = ops.split(self._convolve(step, self.kernel), _GATES, axis=-1)
        carry = ops.sigmoid(i) * ops.tanh(c)
        return ops.sigmoid(o) * ops.tanh(carry), carry

    def _convolve(self, x, kernel):
        return ops.conv(x, kernel, padding="same", data_format="channels_last") + self.bias

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
        }
