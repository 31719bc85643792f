"""Means over the cells that count."""

from __future__ import annotations

from keras import ops

_FIELD = (1, 2, 3)


def masked_mean(values, mask):
    """Mean over the cells that count; 0 for a sample without such cells.

    Args:
        values: (batch, H, W, 1), finite everywhere, or gradients become NaN in cells that do not count: choose safe inputs
            with ops.where before computing, not after.
        mask: (batch, H, W, 1) bool.
    Returns: (batch,).

    >>> import numpy as np
    >>> values = np.array([1.0, 3.0, 50.0], "float32").reshape(1, 1, 3, 1)
    >>> float(masked_mean(values, values < 10)[0])
    2.0
    """
    weight = ops.cast(mask, values.dtype)
    count = ops.sum(weight, axis=_FIELD)
    return ops.sum(ops.where(mask, values, 0.0), axis=_FIELD) / ops.maximum(count, 1.0)


def masked_variance(values, mask, mean):
    """Mean squared difference from a mean over the cells that count.

    Args:
        values: (batch, H, W, 1), finite everywhere.
        mask: (batch, H, W, 1) bool.
        mean: (batch,).
    Returns: (batch,).

    >>> import numpy as np
    >>> values = np.array([1.0, 3.0, 50.0], "float32").reshape(1, 1, 3, 1)
    >>> float(masked_variance(values, values < 10, np.array([2.0], "float32"))[0])
    1.0
    """
    return masked_mean(ops.square(values - mean[:, None, None, None]), mask)
