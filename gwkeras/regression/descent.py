"""Steps downhill for any Keras model, on any backend: rows in an order of our own, the best epoch kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

_WORTH_A_GRAPH = 60  # steps below which it takes longer to trace a graph than to do without


@dataclass(frozen=True)
class Schedule:
    """How long, and in what steps.

    Args:
        epochs: passes over the rows, at most.
        batch_size: rows a step.
        rate: of learning at the start; it falls to nothing along a cosine.
        decay: of the weights, of AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101).
        patience: epochs without gain before it stops.
    """

    epochs: int
    batch_size: int
    rate: float
    decay: float
    patience: int


class MembersError(keras.losses.Loss):
    """Mean over members of (y − ŷ)², in the metric of each tile of cells where there are tiles.

    Args:
        whiteners: (cells, cells) L⁻¹ of each tile, of targets (batch, cell, 1): errors count as eᵀ (L Lᵀ)⁻¹ e. None: alike.
    """

    def __init__(self, whiteners: Sequence[np.ndarray] | None = None, **kwargs):
        super().__init__(**kwargs)
        self.whiteners = whiteners

    def call(self, y_true, y_pred):
        errors = y_pred - y_true
        if self.whiteners is not None:
            parts, start = [], 0
            for tile in self.whiteners:
                matrix = ops.convert_to_tensor(np.asarray(tile, dtype=np.float32))
                parts.append(ops.matmul(matrix, errors[:, start : start + len(tile)]))
                start += len(tile)
            errors = ops.concatenate(parts, axis=1)
        return ops.mean(ops.square(errors), axis=-1)


class Itself(keras.losses.Loss):
    """What the model puts out is what is minimised: its mean over members."""

    def call(self, y_true, y_pred):
        return ops.mean(y_pred, axis=-1)


@dataclass(frozen=True)
class Goal:
    """What one output of the model is to come to.

    Args:
        targets: (n, ..., 1).
        loss: of targets and output.
        weights: (n, ...) of the targets; None: all alike.
        share: what the loss is multiplied by.
    """

    targets: np.ndarray
    loss: keras.losses.Loss
    weights: np.ndarray | None = None
    share: float = 1.0


def descend(
    model: keras.Model,
    inputs: Sequence[np.ndarray],
    goals: Sequence[Goal],
    schedule: Schedule,
    rng: np.random.Generator,
    judge: Callable[[list[np.ndarray]], float] | None = None,
) -> list[np.ndarray]:
    """The model's weights after training, in its order.

    Args:
        model: starts from its own weights.
        inputs: (n, ...) each, in the model's order.
        goals: of its outputs, in their order.
        schedule: of the steps.
        rng: draws the order of the rows, anew in each epoch.
        judge: the model's weights -> an error on rows that are not trained on, to choose the epoch by; None: the last is taken.
    """
    n = len(inputs[0])
    batch = min(schedule.batch_size, n)
    steps = -(-n // batch)
    _compile(model, goals, schedule, steps)
    best = model.get_weights()
    error, since = np.inf if judge is None else judge(best), 0
    for _ in range(schedule.epochs):
        order = np.resize(rng.permutation(n), steps * batch)  # the last batch is filled from the front: one shape, one graph
        for chosen in order.reshape(steps, batch):
            targets = [goal.targets[chosen] for goal in goals]
            weights = [
                np.ones(t.shape[:-1], np.float32) if g.weights is None else g.weights[chosen]
                for g, t in zip(goals, targets, strict=True)
            ]
            model.train_on_batch([values[chosen] for values in inputs], _alone(targets), sample_weight=_alone(weights))
        if judge is None:
            best = model.get_weights()
            continue
        found = judge(model.get_weights())
        since += 1
        if found < error:
            best, error, since = model.get_weights(), found, 0
        if since >= schedule.patience:
            break
    return best


def _compile(model: keras.Model, goals: Sequence[Goal], schedule: Schedule, steps: int) -> None:
    total = schedule.epochs * steps
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(schedule.rate, max(total, 1)), weight_decay=schedule.decay
    )
    eager = keras.backend.backend() == "tensorflow" and total < _WORTH_A_GRAPH
    model.compile(
        optimizer=optimizer,
        loss=_alone([goal.loss for goal in goals]),
        loss_weights=_alone([goal.share for goal in goals]),
        jit_compile=keras.backend.backend() == "jax",
        run_eagerly=eager,
    )


def _alone(values: list) -> Any:
    """What Keras expects where there is one output."""
    return values[0] if len(values) == 1 else values
