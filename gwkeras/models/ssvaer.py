"""SSVAER's networks: semi-supervised variational autoencoder regression, several members side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from gwkeras.layers.variational.negative_bound import NegativeBound, negative_log_density
from gwkeras.layers.variational.normal_sample import NormalSample
from gwkeras.layers.weighted_regression.member_dense import MemberDense
from gwkeras.models.start import draw_kernels

_QUIETEST = -6.0  # log variance below which nothing is taken to be known


@dataclass(frozen=True)
class Autoencoder:
    """Sizes of the networks.

    Args:
        features: of x.
        latent: of z.
        hidden: units of each hidden layer.
        members: networks that differ in their start, averaged.

    >>> Autoencoder(features=3).latent
    4
    """

    features: int
    latent: int = 4
    hidden: int = 32
    members: int = 4


def ssvaer(sizes: Autoencoder, leading: Sequence[int | None] = (), seed: int = 0) -> keras.Model:
    """The networks, with what is minimised.

    Inputs: x (batch, ..., features), y (batch, ..., 1) and known (batch, ..., 1), all in standard deviations.
    Outputs: (batch, ..., member) each: minus the bound of each row; −log q(y | x), 0 where y is unknown; the mean of q(y | x).

    Args:
        sizes: of the networks.
        leading: shape between batch and columns.
        seed: of weights and draws.

    >>> [tuple(output.shape) for output in ssvaer(Autoencoder(features=3, members=2)).outputs]
    [(None, 2), (None, 2), (None, 2)]
    """
    rng = np.random.default_rng(seed)
    leading, members = tuple(leading), sizes.members
    x = keras.Input((*leading, sizes.features), name="x")
    y = keras.Input((*leading, 1), name="y")
    known = keras.Input((*leading, 1), name="known")
    first = layers.Dense(members * sizes.hidden, name="encoder")
    shared = layers.Activation("tanh")(layers.Reshape((*leading, members, sizes.hidden))(first(x)))
    y_mean, z_mean = MemberDense(1, name="y_mean")(shared), MemberDense(sizes.latent, name="z_mean")(shared)
    y_log_variance = _Bounded(name="y_log_variance")(MemberDense(1, name="y_spread")(shared))
    z_log_variance = _Bounded(name="z_log_variance")(MemberDense(sizes.latent, name="z_spread")(shared))
    y_drawn = NormalSample(seed=int(rng.integers(2**31)), name="y_draw")(y_mean, y_log_variance)
    z_drawn = NormalSample(seed=int(rng.integers(2**31)), name="z_draw")(z_mean, z_log_variance)
    y_given, known_given, x_given = (_ForMembers(members, name=f"{t.name}_for_members")(t) for t in (y, known, x))
    taken = _Either(name="y_taken")(known_given, y_given, y_drawn)
    expected_z = MemberDense(sizes.latent, name="g")(layers.Activation("tanh")(MemberDense(sizes.hidden, name="g_hidden")(taken)))
    decoded = layers.Activation("tanh")(MemberDense(sizes.hidden, name="decoder_hidden")(z_drawn))
    x_mean = MemberDense(sizes.features, name="decoder")(decoded)
    x_log_variance = _Spread(sizes.features, name="x_log_variance")(x_mean)
    bound = NegativeBound(name="negative_bound")(
        known_given, y_given, y_mean, y_log_variance, z_mean, z_log_variance, expected_z, x_given, x_mean, x_log_variance
    )
    label = _Label(name="label")(known_given, y_given, y_mean, y_log_variance)
    mean = layers.Reshape((*leading, members), name="mean")(y_mean)
    model = keras.Model([x, y, known], [bound, label, mean], name="ssvaer")
    draw_kernels(model, 1.0, rng, still=("y_spread", "z_spread"))
    return model


@keras.saving.register_keras_serializable(package="gwkeras")
class _Bounded(layers.Layer):
    """A log variance that stays within what float32 and sense allow."""

    def call(self, inputs):
        return ops.clip(inputs, _QUIETEST, -_QUIETEST)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


@keras.saving.register_keras_serializable(package="gwkeras")
class _ForMembers(layers.Layer):
    """(batch, ..., c) -> (batch, ..., member, c)."""

    def __init__(self, members, **kwargs):
        super().__init__(**kwargs)
        self.members = members

    def call(self, inputs):
        return ops.repeat(ops.expand_dims(inputs, -2), self.members, axis=-2)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.members, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="gwkeras")
class _Either(layers.Layer):
    """y where it is known, else the draw."""

    def call(self, known, given, drawn):
        return ops.where(known > 0, given, drawn)

    def compute_output_shape(self, known_shape, *_):
        return tuple(known_shape)


@keras.saving.register_keras_serializable(package="gwkeras")
class _Spread(layers.Layer):
    """The decoder's log variance, one number a feature, learned."""

    def __init__(self, features, **kwargs):
        super().__init__(**kwargs)
        self.features = features

    def build(self, input_shape):
        self.log_variance = self.add_weight(name="log_variance", shape=(self.features,), initializer="zeros")

    def call(self, like):
        return ops.zeros_like(like) + ops.clip(self.log_variance, _QUIETEST, -_QUIETEST)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "features": self.features}


@keras.saving.register_keras_serializable(package="gwkeras")
class _Label(layers.Layer):
    """−log q(y | x), 0 where y is unknown."""

    def call(self, known, given, mean, log_variance):
        return ops.where(known[..., 0] > 0, negative_log_density(given, mean, log_variance), 0.0)

    def compute_output_shape(self, known_shape, *_):
        return tuple(known_shape[:-1])
