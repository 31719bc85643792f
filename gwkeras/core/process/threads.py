"""Work of arrays side by side in threads: numpy lets go of the interpreter while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """That threads may use: those given to the process, or fewer where OMP_NUM_THREADS says so."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(given, int(stated) if stated.isdigit() else given))


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None) -> list[Result]:
    """`work` of each item, in their order.

    Many small matrices are multiplied faster by threads with one matrix each than by all threads on one matrix after the other,
    so that is how the linear algebra's own threads are set meanwhile.

    Args:
        work: of an item; that numpy spends most of its time in.
        items: taken as they come.
        threads: at most; None: `processors`.
    """
    count = threads or processors()
    with threadpool_limits(1, "blas"):
        if count == 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(work, items))
