"""Means over the cells that count."""

from __future__ import annotations

from keras import ops

_FIELD = (1, 2, 3)


def masked_mean(values, mask):
    """Mean over the cells where `mask` is true: (batch, H, W, 1) -> (batch,); 0 for a sample without such cells.

    `values` must be finite everywhere, or gradients become NaN in cells that do not count: choose safe inputs with
    ops.where before computing, not after.
    """
    weight = ops.cast(mask, values.dtype)
    count = ops.sum(weight, axis=_FIELD)
    return ops.sum(ops.where(mask, values, 0.0), axis=_FIELD) / ops.maximum(count, 1.0)


def masked_variance(values, mask, mean):
    """Mean squared difference from `mean` (batch,) over the cells where `mask` is true: (batch, H, W, 1) -> (batch,)."""
    return masked_mean(ops.square(values - mean[:, None, None, None]), mask)
