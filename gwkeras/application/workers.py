"""Who computes the months: this process, local processes, or a Dask cluster. The numbers are the same, and so is their order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month
from tfrecords_build.cluster import connect

Result = TypeVar("Result")
_AHEAD = 2  # months in progress for each worker: one at work, one on its way, so that memory stays the same


@contextmanager
def in_order(
    compute: Callable[[Month], Result], months: Sequence[Month], workers: int = 1, scheduler: str | None = None
) -> Iterator[Iterator[Result]]:
    """`compute(month)` for all months, in their order.

    Args:
        compute: sent once to each worker, which keeps it, so that a network is loaded once for each.
        workers: local processes; 1: this one.
        scheduler: address of a running Dask cluster, whose workers see the same files under the same paths.
    Raises: BadInput: where no scheduler answers, or Dask is not installed; whatever a worker raised.
    """
    if scheduler is None and (workers == 1 or len(months) < 2):
        yield (compute(month) for month in months)
        return
    with _client(min(workers, len(months)), scheduler) as client:
        yield _by_dask(client, compute, months)


def _by_dask(client: Any, compute: Callable[[Month], Result], months: Sequence[Month]) -> Iterator[Result]:
    shared = client.scatter(compute, broadcast=True, hash=False)
    most = _AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    waiting: deque[Any] = deque()
    todo = iter(months)
    while True:
        for month in todo:
            waiting.append(client.submit(_call, shared, month, pure=False))
            if len(waiting) >= most:
                break
        if not waiting:
            return
        yield waiting.popleft().result()


def _call(compute: Callable[[Month], Result], month: Month) -> Result:
    return compute(month)


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise BadInput(
            "--workers" if scheduler is None else "--scheduler",
            expected="the package distributed",
            found="none",
            remedy="install gwkeras[cluster], or leave the option out",
        ) from error
    if scheduler is None:
        # One thread each: a network uses all cores by itself.
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.ERROR
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client
        return
    with connect(scheduler) as client:
        yield client
