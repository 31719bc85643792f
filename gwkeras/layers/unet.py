"""U-Net (Ronneberger et al. 2015, arXiv 1505.04597) as a functional composition of stock Keras layers."""

from __future__ import annotations

import keras
from keras import layers


def double_convolution(x, filters: int, name: str, batch_normalisation: bool = True):
    """Twice (3 × 3 convolution → batch normalisation → ReLU).

    Args:
        x: (batch, H, W, C).
        filters: channels of the result.
        name: what the layers' names begin with.
        batch_normalisation: whether it is there.
    Returns: (batch, H, W, filters).

    >>> double_convolution(keras.Input((8, 8, 3)), 16, "stem").shape
    (None, 8, 8, 16)
    """
    for index in (1, 2):
        x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv{index}")(x)
        if batch_normalisation:
            x = layers.BatchNormalization(name=f"{name}_norm{index}")(x)
        x = layers.ReLU(name=f"{name}_relu{index}")(x)
    return x


def unet(x: keras.KerasTensor, filters: tuple[int, ...], batch_normalisation: bool = True, dropout: float = 0.0):
    """Encoder, bottleneck and decoder with skip connections.

    Args:
        x: (batch, H, W, C), H and W divisible by 2^(len(filters) − 1).
        filters: channels of each level, the bottleneck last; one entry makes two plain convolutions.
        batch_normalisation: whether it is there.
        dropout: share of the bottleneck's channels that are dropped in training.
    Returns: (batch, H, W, filters[0]).

    >>> unet(keras.Input((8, 8, 3)), (4, 8)).shape
    (None, 8, 8, 4)
    """
    *levels, bottleneck = filters
    skips = []
    for depth, width in enumerate(levels):
        x = double_convolution(x, width, f"encoder{depth}", batch_normalisation)
        skips.append(x)
        x = layers.MaxPooling2D(2, name=f"encoder{depth}_pool")(x)
    x = double_convolution(x, bottleneck, "bottleneck", batch_normalisation)
    if dropout:
        x = layers.SpatialDropout2D(dropout, name="bottleneck_dropout")(x)
    for depth, width in reversed(list(enumerate(levels))):
        x = layers.Conv2DTranspose(width, 2, strides=2, name=f"decoder{depth}_up")(x)
        x = layers.Concatenate(name=f"decoder{depth}_skip")([x, skips[depth]])
        x = double_convolution(x, width, f"decoder{depth}", batch_normalisation)
    return x
