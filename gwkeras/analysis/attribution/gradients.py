"""Expected gradients of a Keras model: Shapley values of its inputs at the price of a few backward passes, on any backend.

φ = E[(x − x') ∂f/∂x at x' + α (x − x')], over backgrounds x' and α from 0 to 1. Source: Erion et al. 2021,
doi 10.1038/s42256-021-00343-w, equation 5. Exact for each input where f is linear; in general additive only up to the error of
the expectation, which `Attribution.gap` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gwkeras.analysis.attribution.coalitions import Attribution

Inputs = Mapping[str, np.ndarray]
"""Name -> (n, ...) of each input."""


def expected_gradients(
    model: Callable[[dict[str, Any]], Any],
    inputs: Inputs,
    background: Inputs,
    *,
    draws: int = 64,
    seed: int = 0,
    channels: Mapping[str, Sequence[str]] | None = None,
) -> Attribution:
    """What each input adds to the output of each row.

    Args:
        model: inputs by name, as tensors -> (n,) outputs, by differentiable operations; rows do not see each other.
        inputs: rows that are explained; an input that the background lacks is held as it is.
        background: name -> (n, b, ...) usual values, b for each row.
        draws: of background and α, one from each of as many equal parts of 0 … 1.
        seed: of the draws.
        channels: input -> names of its last axis, where each is told by itself.
    """
    rng = np.random.default_rng(seed)
    names, every = tuple(background), np.arange(len(next(iter(inputs.values()))))
    total = {name: np.zeros(np.shape(inputs[name]), dtype=float) for name in names}
    usual = np.zeros(every.size)
    gradient, outputs = _compiled(model, names)
    for step in range(draws):
        chosen = rng.integers(next(iter(background.values())).shape[1], size=every.size)
        alpha = (step + rng.random(every.size)) / draws
        start = {name: background[name][every, chosen] for name in names}
        at = dict(inputs)
        for name in names:
            share = alpha.reshape(-1, *(1,) * (start[name].ndim - 1))
            at[name] = start[name] + share * (inputs[name] - start[name])
        slopes = gradient(_float32(at))
        for name in names:
            total[name] += (np.asarray(inputs[name], dtype=float) - start[name]) * slopes[name]
        usual += outputs(_float32({**inputs, **start}))
    parts: dict[str, np.ndarray] = {}
    for name in names:
        told = (channels or {}).get(name, ())
        flat = total[name].reshape(every.size, -1, max(len(told), 1))
        parts |= dict(zip(told or (name,), np.moveaxis(flat.sum(axis=1) / draws, 1, 0), strict=True))
    return Attribution(tuple(parts), np.stack(list(parts.values())), usual / draws, outputs(_float32(inputs)))


def _float32(values: Inputs) -> dict[str, np.ndarray]:
    return {name: np.asarray(value, dtype=np.float32) for name, value in values.items()}


_Values = dict[str, np.ndarray]
_Pair = tuple[Callable[[_Values], _Values], Callable[[_Values], np.ndarray]]


def _compiled(model: Callable[[dict[str, Any]], Any], names: Sequence[str]) -> _Pair:
    """Inputs -> ∂(Σ outputs)/∂input, and inputs -> outputs, by the backend; traced once, as all draws have one shape."""
    import keras

    pairs: dict[str, Callable[..., _Pair]] = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    return pairs[keras.backend.backend()](model, tuple(names))


def _tensorflow(model: Callable[[dict[str, Any]], Any], names: tuple[str, ...]) -> _Pair:
    import tensorflow as tf

    forward = tf.function(model)

    @tf.function
    def backward(tensors):  # type: ignore[no-untyped-def]
        watched = [tensors[name] for name in names]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            summed = tf.reduce_sum(model(tensors))
        return tape.gradient(summed, watched, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def tensors_of(values: _Values) -> dict[str, Any]:
        return {name: tf.convert_to_tensor(value) for name, value in values.items()}

    def gradient(values: _Values) -> _Values:
        return {name: slope.numpy() for name, slope in zip(names, backward(tensors_of(values)), strict=True)}

    return gradient, lambda values: np.asarray(forward(tensors_of(values)).numpy(), dtype=float)


def _jax(model: Callable[[dict[str, Any]], Any], names: tuple[str, ...]) -> _Pair:
    import jax
    import jax.numpy as jnp

    forward = jax.jit(model)
    backward = jax.jit(jax.grad(lambda moving, fixed: jnp.sum(model({**fixed, **moving}))))

    def gradient(values: _Values) -> _Values:
        moving = {name: values[name] for name in names}
        fixed = {name: value for name, value in values.items() if name not in names}
        return {name: np.asarray(slope) for name, slope in backward(moving, fixed).items()}

    return gradient, lambda values: np.asarray(forward(values), dtype=float)


def _torch(model: Callable[[dict[str, Any]], Any], names: tuple[str, ...]) -> _Pair:
    import torch

    def gradient(values: _Values) -> _Values:
        tensors = {name: torch.tensor(value, requires_grad=name in names) for name, value in values.items()}
        slopes = torch.autograd.grad(model(tensors).sum(), [tensors[name] for name in names], allow_unused=True)
        return {
            name: np.zeros_like(values[name]) if slope is None else slope.detach().cpu().numpy()
            for name, slope in zip(names, slopes, strict=True)
        }

    def outputs(values: _Values) -> np.ndarray:
        with torch.no_grad():
            found = model({name: torch.tensor(value) for name, value in values.items()})
        return np.asarray(found.cpu().numpy(), dtype=float)

    return gradient, outputs
