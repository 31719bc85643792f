"""The epochs of a training on TensorFlow, the same on one device, on several, and on several machines.

Keras' `fit` fails under MultiWorkerMirroredStrategy (keras#20585); a loop of our own works, and one that serves every strategy is
tried by every training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gwkeras.data.pipeline import Share

Batches = Callable[[Share], tf.data.Dataset]
"""The batches of a split, cut for the given share of the devices."""


def run_epochs(
    model: keras.Model,
    training: Batches,
    *,
    epochs: int,
    steps: int,
    first_epoch: int = 0,
    validation: Batches | None = None,
    validation_steps: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Trains in place, as `model.fit` would, with its callbacks.

    Args:
        model: compiled with `SummedAdamW` within its strategy's scope.
        training: endless, from the first batch of `first_epoch` on.
        epochs: number of the last one, from 1.
        steps: batches an epoch.
        first_epoch: from 0.
        validation: one pass in `validation_steps`.
        validation_steps: batches that are scored after each epoch.
        callbacks: told as Keras' own trainer would.
    """
    strategy = model.distribute_strategy
    with strategy.scope():
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
    told = keras.callbacks.CallbackList(list(callbacks), model=model, epochs=epochs, steps=steps, add_history=False, verbose=0)
    train, test = compiled(strategy, model.train_step), compiled(strategy, model.test_step)
    model.stop_training = False
    told.on_train_begin()
    batches = iter(distributed(strategy, training)) if first_epoch < epochs else None
    for epoch in range(first_epoch, epochs):
        model.reset_metrics()
        told.on_epoch_begin(epoch)
        logs: dict[str, Any] = {}
        for step in range(steps):
            told.on_train_batch_begin(step)
            logs = train(batches)
            told.on_train_batch_end(step, logs)
        logs = {name: float(value) for name, value in logs.items()}
        if validation is not None:
            model.reset_metrics()
            held_out: dict[str, Any] = {}
            scored = iter(distributed(strategy, validation))
            for _ in range(validation_steps):
                held_out = test(scored)
            logs |= {f"val_{name}": float(value) for name, value in held_out.items()}
        told.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    told.on_train_end()


def distributed(strategy: tf.distribute.Strategy, batches: Batches) -> Any:
    """Iterable over the batches, each device of the strategy getting its share."""

    def of_this_process(context: tf.distribute.InputContext) -> tf.data.Dataset:
        count = context.num_replicas_in_sync // context.num_input_pipelines
        return batches(Share(context.input_pipeline_id * count, count, context.num_replicas_in_sync))

    if strategy.num_replicas_in_sync == 1:
        return batches(Share())
    return strategy.distribute_datasets_from_function(of_this_process)


def compiled(strategy: tf.distribute.Strategy, step: Callable) -> Callable:
    """One step on every device; the logs are sums over all of them, so that any one of them knows."""

    @tf.function(reduce_retracing=True)
    def on_all(iterator: Any) -> Any:
        logs = strategy.run(step, args=(next(iterator),))
        return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    return on_all
