"""`python -m tests.models.backend_outputs FILE.npz`: outputs and gradients on the running backend, from the same weights.

Layers, terms of the loss, the distribution, and both networks under the whole loss. A process of its own: a process has one
backend for life.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.layers.block_mean import BlockDeviation, BlockLevel
from gwkeras.layers.calendar import CalendarMaps
from gwkeras.layers.conservation import Conservation
from gwkeras.layers.convlstm import ConvLSTM2D
from gwkeras.layers.detail import Detail
from gwkeras.layers.interpolation import FillMissing, Upsampling
from gwkeras.layers.normalization import Standardize, Unstandardize, Variance
from gwkeras.layers.observation import Observe
from gwkeras.layers.unet import unet
from gwkeras.losses.composite import composite_loss
from gwkeras.losses.data import beta_nll, crps, nll
from gwkeras.losses.distribution import distribution
from gwkeras.losses.magnitude import magnitude
from gwkeras.losses.regional import regional
from gwkeras.losses.sign import sign_hinge, sign_share
from gwkeras.losses.smoothness import smoothness
from tests.models.test_models import FACTOR, STATISTICS, randomised, sample_inputs, small

Arrays = dict[str, np.ndarray]
_RNG = np.random.default_rng(11)


def evaluated(name: str, call: Callable[[Any], Any], x: np.ndarray, weights: tuple = ()) -> Arrays:
    """call(x) and the gradients of a weighted sum of it with respect to x and to `weights`, variables of Keras."""
    x = np.asarray(x, "float32")

    def scalar(x: Any) -> tuple[Any, Any]:
        value = ops.cast(call(x), "float32")
        probe = np.random.default_rng(7).normal(size=tuple(value.shape)).astype("float32")
        return ops.sum(value * ops.convert_to_tensor(probe)), value

    value, found = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()](scalar, x, weights)
    return {f"{name} value": value} | {f"{name} gradient {index:02d}": gradient for index, gradient in enumerate(found)}


def _tensorflow(scalar, x, weights):
    import tensorflow as tf

    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total, value = scalar(x)
    found = tape.gradient(total, [x, *(w.value for w in weights)], unconnected_gradients="zero")
    return value.numpy(), [g.numpy() for g in found]


def _jax(scalar, x, weights):
    import jax

    def of(x, values):
        with keras.StatelessScope(state_mapping=list(zip(weights, values, strict=True))):
            return scalar(x)

    (_, value), (first, others) = jax.jit(jax.value_and_grad(of, argnums=(0, 1), has_aux=True))(x, [w.value for w in weights])
    return np.asarray(value), [np.asarray(g) for g in (first, *others)]


def _torch(scalar, x, weights):
    import torch

    x = torch.tensor(x, requires_grad=True)
    total, value = scalar(x)
    of = [x, *(w.value for w in weights)]
    found = torch.autograd.grad(total, of, allow_unused=True) if total.requires_grad else [None] * len(of)
    return value.detach().numpy(), [np.zeros(v.shape) if g is None else g.numpy() for g, v in zip(found, of, strict=True)]


def normal(*shape: int) -> np.ndarray:
    return _RNG.normal(size=shape).astype("float32")


def layer_cases() -> Arrays:
    land_fine, land = (_RNG.random((2, n, n, 1)).astype("float32") * (_RNG.random((2, n, n, 1)) > 0.2) for n in (16, 4))
    latitude = np.tile(np.float32(20 + 0.5 * np.arange(4)), (2, 1))
    land_fine, land, latitude = (ops.convert_to_tensor(np.float32(a)) for a in (land_fine, land, latitude))
    coarse, zeros = ops.convert_to_tensor(normal(2, 4, 4, 1)), ops.zeros((2, 16, 16, 1))
    found: Arrays = {}
    for algorithm in ("winograd", "direct"):
        for sequences in (True, False):
            layer = ConvLSTM2D(5, return_sequences=sequences, algorithm=algorithm)
            layer.build((None, 3, 8, 8, 4))
            randomised(layer)
            found |= evaluated(f"ConvLSTM {algorithm} {sequences}", layer, normal(2, 3, 8, 8, 4), layer.trainable_weights)
    inputs = keras.Input((8, 8, 3))
    network = randomised(keras.Model(inputs, unet(inputs, (4, 6, 8), True, 0.0)))
    found |= evaluated("U-Net", network, normal(2, 8, 8, 3), network.trainable_weights)
    calls = {
        **{f"upsampling {kind}": (Upsampling(4, kind), (2, 4, 4, 2)) for kind in ("bicubic", "bilinear")},
        "filling": (lambda x: FillMissing()(x, land), (2, 4, 4, 1)),
        "conservation": (lambda x: Conservation(4)(x, coarse, land_fine, land, latitude), (2, 16, 16, 1)),
        "conservation of coarse": (lambda x: Conservation(4)(zeros, x, land_fine, land, latitude), (2, 4, 4, 1)),
        "block level": (lambda x: BlockLevel(4, (0.3, 0.1), (1.5, 2.0))(x, land_fine, latitude), (2, 16, 16, 2)),
        "block deviation": (lambda x: BlockDeviation(4, (1.5, 2.0))(x, land_fine, latitude), (2, 16, 16, 2)),
        "detail": (lambda x: Detail(4, (1.5, 2.0))(x, land_fine, latitude), (2, 16, 16, 2)),
        "observation": (lambda x: Observe(4, (30.0, 70.0, 0.25, 0.25, 16, 16), "gaussian", 60.0)(x, land_fine), (2, 16, 16, 1)),
        "standardised": (lambda x: Standardize((0.3, 0.1), (1.5, 2.0))(x, land), (2, 4, 4, 2)),
        "unstandardised": (Unstandardize(3.0, 50.0), (2, 4, 4, 1)),
        "variance": (Variance(50.0), (2, 4, 4, 1)),
        "calendar": (lambda x: CalendarMaps()(x, land), (2,)),
    }
    for name, (call, shape) in calls.items():
        found |= evaluated(name, call, normal(*shape))
    return found


def loss_cases() -> Arrays:
    shape = (2, 8, 8, 1)
    other, weights = (ops.convert_to_tensor(a) for a in (normal(*shape), np.abs(normal(*shape))))
    mask = ops.convert_to_tensor(_RNG.random(shape) > 0.3)
    terms: dict[str, Callable] = {
        "nll": lambda x: nll(other, x, weights + 0.1, mask),
        "nll of variance": lambda x: nll(other, weights, ops.square(x) + 0.1, mask),
        "beta_nll": lambda x: beta_nll(other, x, weights + 0.1, mask),
        "crps": lambda x: crps(other, x, weights + 0.1, mask),
        "crps of variance": lambda x: crps(other, weights, ops.square(x) + 0.1, mask),
        "sign hinge": lambda x: sign_hinge(x, other, mask),
        "sign share": lambda x: sign_share(x, other, mask),
        "magnitude": lambda x: magnitude(x, other, mask),
        "magnitude centred": lambda x: magnitude(x, other, mask, centred=True),
        "regional": lambda x: regional(x, other, weights, 3),
        "smoothness squared": lambda x: smoothness(x, mask),
        "smoothness absolute": lambda x: smoothness(x, mask, "absolute"),
        "distribution mean": lambda x: distribution({"mean": x, "variance": weights + 0.1}).mean(),
        "distribution stddev": lambda x: distribution({"mean": x, "variance": ops.square(x) + 0.1}).stddev(),
        "distribution log_prob": lambda x: distribution({"mean": x, "variance": weights + 0.1}).log_prob(other),
        "distribution cdf": lambda x: distribution({"mean": x, "variance": weights + 0.1}).cdf(other),
        "distribution quantile": lambda x: distribution({"mean": other, "variance": weights + 0.1}).quantile(ops.sigmoid(x)),
    }
    found: Arrays = {}
    for name, term in terms.items():
        found |= evaluated(name, term, normal(*shape))
    return found


def network_cases() -> Arrays:
    """Both networks, and the whole loss of each in every form of its data term."""
    inputs = sample_inputs()
    inputs["infiltration_efficiency"] = _RNG.uniform(0.1, 0.5, inputs["infiltration_efficiency"].shape).astype("float32")
    inputs["land_fine"] = (_RNG.random(inputs["land_fine"].shape) > 0.2).astype("float32")
    target = 50 * normal(*inputs["land_fine"].shape)
    target[:, :5] = np.nan
    tensors = {name: ops.convert_to_tensor(value) for name, value in inputs.items()}
    targets = {"target": ops.convert_to_tensor(target)}
    settled = {"statistics": STATISTICS, "factor": FACTOR, "fine_step_degrees": 0.125}
    found: Arrays = {}
    for kind in ("paper", "default"):
        model = randomised(small(kind))
        for output in ("mean", "variance"):
            call = partial(lambda gwsa, model, output: model({**tensors, "gwsa": gwsa})[output], model=model, output=output)
            found |= evaluated(f"{kind} {output}", call, inputs["gwsa"], model.trainable_weights)
        for data in ("nll", "beta_nll", "crps"):

            def loss(gwsa, model=model, config=LossConfig(data=data)):
                given = {**tensors, "gwsa": gwsa}
                return composite_loss(given, targets, model(given), config=config, **settled)[0]

            found |= evaluated(f"{kind} loss with {data}", loss, inputs["gwsa"], model.trainable_weights)
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **layer_cases(), **loss_cases(), **network_cases())
