"""Weights to start from that are the same on every backend, whose own initialisers draw differently."""

from __future__ import annotations

from collections.abc import Container

import keras
import numpy as np


def draw_kernels(model: keras.Model, gain: float, rng: np.random.Generator, still: Container[str] = ()) -> None:
    """Draws all kernels from Normal distributions of variance gain / inputs; biases stay as they are.

    Args:
        model: whose weights are set.
        gain: 2 before rectifiers (He et al. 2015, arXiv 1502.01852), 1 before functions that do not halve (LeCun et al. 1998).
        rng: draws them.
        still: names of layers whose kernels are set to 0.

    >>> model = keras.Sequential([keras.Input((400,)), keras.layers.Dense(900, name="first")])
    >>> draw_kernels(model, 2.0, np.random.default_rng(0))
    >>> round(float(np.std(model.get_layer("first").kernel)), 2)  # √(2 / 400)
    0.07
    """
    for layer in model.layers:
        for weight in layer.trainable_weights:
            if weight.name == "kernel":
                size = 0.0 if layer.name in still else np.sqrt(gain / weight.shape[0])
                weight.assign((size * rng.normal(size=weight.shape)).astype(np.float32))
