"""Plain convolutions of a list of fields, by the names that `gwkeras.layers.winograd` gives to its own."""

from __future__ import annotations

from keras import ops


def to_steps(fields):
    """(batch, T, H, W, C) -> list of T fields (batch, H, W, C)."""
    return ops.unstack(fields, axis=1)


def from_steps(states: list):
    """The inverse of `to_steps`."""
    return ops.stack(states, axis=1)


def transform_kernel(kernel):
    """The kernel itself."""
    return kernel


def convolve(field, kernel, bias):
    """Convolution of `field` (batch, H, W, C) with `kernel` (side, side, C, filters), zeros around, plus `bias` (filters,)."""
    return ops.add(ops.conv(field, kernel, padding="same", data_format="channels_last"), bias)
