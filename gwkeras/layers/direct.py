"""Plain convolutions of a list of fields, by the names that `gwkeras.layers.winograd` gives to its own."""

from __future__ import annotations

from keras import ops


def to_steps(fields):
    """The fields of a sequence.

    Args:
        fields: (batch, T, H, W, C).
    Returns: a list of T fields (batch, H, W, C).

    >>> import numpy as np
    >>> [tuple(field.shape) for field in to_steps(np.zeros((1, 2, 4, 4, 3), "float32"))]
    [(1, 4, 4, 3), (1, 4, 4, 3)]
    """
    return ops.unstack(fields, axis=1)


def from_steps(states: list):
    """The inverse of `to_steps`.

    Args:
        states: T fields (batch, H, W, C).

    >>> import numpy as np
    >>> tuple(from_steps([np.zeros((1, 4, 4, 3), "float32")] * 2).shape)
    (1, 2, 4, 4, 3)
    """
    return ops.stack(states, axis=1)


def transform_kernel(kernel):
    """The kernel itself.

    Args:
        kernel: (side, side, C, filters).

    >>> transform_kernel("as it is")
    'as it is'
    """
    return kernel


def convolve(field, kernel, bias):
    """Convolution of a field, zeros around it, plus a bias.

    Args:
        field: (batch, H, W, C).
        kernel: (side, side, C, filters).
        bias: (filters,).
    Returns: (batch, H, W, filters).

    >>> import numpy as np
    >>> ones = np.ones((1, 2, 2, 1), "float32")
    >>> np.asarray(convolve(ones, np.ones((3, 3, 1, 1), "float32"), np.array([0.5], "float32")))[0, ..., 0].tolist()
    [[4.5, 4.5], [4.5, 4.5]]
    """
    return ops.add(ops.conv(field, kernel, padding="same", data_format="channels_last"), bias)
