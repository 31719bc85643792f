"""The optimiser for summed gradients is AdamW as Keras has it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gwkeras.training.strategies.tensorflow_steps import SummedAdamW


@pytest.mark.parametrize("amsgrad", [False, True])
def test_it_takes_the_steps_of_keras_own(amsgrad):
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype("float32") for shape in [(3, 4), (5,)]]
    gradients = [[rng.normal(size=values.shape).astype("float32") for values in start] for _ in range(25)]

    def end(kind):
        variables = [keras.Variable(values) for values in start]
        optimizer = kind(0.01, weight_decay=0.1, global_clipnorm=1.0, amsgrad=amsgrad)
        for step in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in step], variables)
        return [np.asarray(variable) for variable in variables]

    ours, theirs = end(SummedAdamW), end(keras.optimizers.AdamW)
    for ended, expected, began in zip(ours, theirs, start, strict=True):
        assert np.abs(expected - began).max() > 0.05
        np.testing.assert_allclose(ended, expected, atol=1e-6)
