"""In how many bits a training computes. Weights, heads and losses are in float32 whatever it is, and so is what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import keras

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]


@contextmanager
def precision(policy: Precision) -> Iterator[None]:
    """Layers made in this block compute in `policy`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def scaled_loss(optimizer: keras.optimizers.Optimizer, policy: Precision) -> keras.optimizers.Optimizer:
    """The optimiser, with a loss scale that adapts where float16 would let small gradients vanish."""
    return keras.optimizers.LossScaleOptimizer(optimizer) if policy == "mixed_float16" else optimizer
