"""What the workers of a cluster owe one another: the same training, and a word when one of them is gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gwkeras.core.errors import BadInput, GwkerasError
from gwkeras.training.strategies.devices import Devices


@contextmanager
def naming_lost_workers(devices: Devices) -> Iterator[None]:
    """Turns TensorFlow's error about a worker that no longer answers into a sentence.

    TensorFlow's coordination service notices within ten seconds; until then the others wait in a sum over devices.

    Raises: GwkerasError: where a worker is lost.
    """
    if not devices.is_cluster:
        yield
        return
    import tensorflow as tf

    lost = (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.InternalError,
        tf.errors.FailedPreconditionError,
    )
    try:
        yield
    except lost as error:
        raise GwkerasError(
            "a worker of the cluster has stopped (see its own message); finished epochs are kept, so give every worker its "
            "command again with --resume."
        ) from error


def check_agreement(devices: Devices, settings: Mapping[str, str], epochs_done: int) -> None:
    """Workers that train different things, or from different epochs on, would wait for one another for ever.

    Args:
        devices: where the training runs.
        settings: of this worker's training.
        epochs_done: in the checkpoint that it has read.
    Raises: BadInput: where the workers differ.
    """
    if not devices.is_cluster:
        return
    text = json.dumps([dict(settings), epochs_done], sort_keys=True)
    said = [float(byte) for byte in hashlib.sha256(text.encode()).digest()]
    found = _sum_over_workers(devices, [*said, *(x * x for x in said)])
    if any(s != devices.replicas * x for s, x in zip(found, [*said, *(x * x for x in said)], strict=True)):
        raise BadInput(
            "--strategy multi-worker",
            expected="the same training on every worker",
            found="other settings, shards or checkpoints on some",
            remedy="give all of them the same command, and let all see the same run folder",
        )


def leave_together(devices: Devices) -> None:
    """Waits for the other workers: the first one writes while they wait, and none reports another's end as a loss.

    Raises: GwkerasError: where a worker is lost.
    """
    if not devices.is_cluster:
        return
    _sum_over_workers(devices, [1.0])


def _sum_over_workers(devices: Devices, values: list[float]) -> list[float]:
    """Waits until every worker has given its values.

    Raises: GwkerasError: where a worker is lost.
    """
    import tensorflow as tf

    @tf.function
    def sums() -> tf.Tensor:
        def of_device() -> tf.Tensor:
            own = tf.constant(values, tf.float32)
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)

        return devices.strategy.experimental_local_results(devices.strategy.run(of_device))[0]

    with naming_lost_workers(devices):
        return sums().numpy().tolist()
