"""What tells one trained network from another."""

from __future__ import annotations

import hashlib

import keras
import numpy as np


def weights_digest(network: keras.Model) -> str:
    """Sixteen hexadecimal digits that change with any weight; names, dates and the file it came from do not matter.

    Args:
        network: with weights.

    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    >>> before = weights_digest(network)
    >>> network.set_weights([2 * weight for weight in network.get_weights()])
    >>> len(before), weights_digest(network) == before
    (16, False)
    """
    digest = hashlib.sha256()
    for value in network.get_weights():
        array = np.ascontiguousarray(value)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]
