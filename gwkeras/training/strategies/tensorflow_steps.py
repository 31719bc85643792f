"""One step of training on TensorFlow that does not depend on how many devices share it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

Tensors = dict[str, Any]


class TensorFlowSteps:
    """`train_step` and `test_step` of the model, for any strategy.

    The loss is the sum over the samples of a device divided by the size of the whole batch, and gradients are summed over all
    devices *before* their norm is clipped: so any number of devices makes the step that one would make. Masks need no
    count over devices, since every term is a mean over the cells of a sample. The optimiser must be one of `SummedAdamW`'s kind,
    which does not sum again.

    Memory: a device works through its samples in `accumulate` pieces, one after the other.
    """

    accumulate: int = 1

    def train_step(self: Any, data: Any) -> Tensors:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        samples = _sum_over_devices(tf.cast(tf.shape(y["target"])[0], tf.float32))
        variables = self.trainable_variables
        gradients: list[Any] = []
        sums: list[Any] = []
        for piece_x, piece_y in _pieces(x, y, self.accumulate, gradients):
            with tf.GradientTape() as tape:
                outputs = self(piece_x, training=True)
                total, terms = self.losses_of(piece_x, piece_y, outputs)
                loss = tf.reduce_sum(total) / samples
                scaled = self.optimizer.scale_loss(loss)
            found = _with_zeros(tape.gradient(scaled, variables), variables)
            # A memory of one month never recurs: its recurrent kernel has no gradient.
            found = [tf.zeros_like(v.value) if g is None else g for g, v in zip(found, variables, strict=True)]
            gradients[:] = [a + b for a, b in zip(gradients, found, strict=True)] if gradients else found
            sums.append(self.sums_of(piece_x, piece_y, outputs, total, terms))
        self.optimizer.apply(_sum_over_devices(gradients), variables)
        self.record(_sum_over_devices(tf.add_n(sums)))
        return self.get_metrics_result()

    def test_step(self: Any, data: Any) -> Tensors:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        outputs = self(x, training=False)
        total, terms = self.losses_of(x, y, outputs, training=False)
        self.record(_sum_over_devices(self.sums_of(x, y, outputs, total, terms)))
        return self.get_metrics_result()


class SummedAdamW(keras.optimizers.AdamW):
    """AdamW for gradients that are already summed over devices: Keras would clip each device's share and sum afterwards.

    Moments and weights pass through memory once, in TensorFlow's kernel for Adam, instead of nine times.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return list(grads_and_vars)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index, step = self._get_variable_index(variable), tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )


def _sum_over_devices(values: Any) -> Any:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)


def _with_zeros(gradients: list[Any], variables: list[Any]) -> list[Any]:
    """For weights that have no part in the loss: with one month of climate the recurrent kernel has none."""
    return [tf.zeros(v.shape, v.dtype) if g is None else g for g, v in zip(gradients, variables, strict=True)]


def _pieces(x: Tensors, y: Tensors, count: int, before: list[Any]) -> Iterator[tuple[Tensors, Tensors]]:
    """`count` slices of a batch, each cut only after what `before` then holds is computed: that is what saves memory."""
    if count == 1:
        yield x, y
        return
    size = tf.shape(y["target"])[0]
    for index in range(count):
        with tf.control_dependencies(before):
            start, end = tf.identity(size * index // count), size * (index + 1) // count
        with tf.control_dependencies([start]):
            yield {k: v[start:end] for k, v in x.items()}, {k: v[start:end] for k, v in y.items()}
