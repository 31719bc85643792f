"""Asking again: a server may restart, be full, or drop a connection. One rule for predictions, orders and downloads."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patience:
    """How long a server may fail, in seconds.

    Args:
        call: for one answer, or for the next piece of it.
        total: for an answer at all, repeated calls included, as long as nothing is gained.
        connect: until a connection stands; where it is the first question, for its answer, so that a wrong address is soon told.
        first_pause: before the second call. Pauses double, each shortened by a random part so that clients that failed together
            do not come back together. What a server asks for itself goes before it.
        longest_pause: up to which they double.
        attempts: in a row without anything gained; None: as many as `total` allows.
    """

    call: float = 60.0
    total: float = 180.0
    connect: float = 20.0
    first_pause: float = 0.1
    longest_pause: float = 5.0
    attempts: int | None = None


class Transient(Exception):
    """A call that failed in a way that may pass.

    Args:
        slow: whether the server kept silent, rather than refused.
        wait: seconds after which the server wants to be asked again.
    """

    def __init__(self, reason: str, slow: bool = False, wait: float | None = None) -> None:
        super().__init__(reason)
        self.slow, self.wait = slow, wait


class GaveUp(Exception):
    """Patience has ended; `last` is how the last of the `attempts` failed, after `seconds`."""

    def __init__(self, last: Transient, attempts: int, seconds: float) -> None:
        super().__init__(str(last))
        self.last, self.attempts, self.seconds = last, attempts, seconds


def persistently(
    call: Callable[[float], Answer],
    patience: Patience,
    *,
    total: float | None = None,
    gained: Callable[[], float] = lambda: 0.0,
) -> Answer:
    """Calls `call(seconds it may take)` until it answers.

    Args:
        total: instead of `patience.total`.
        gained: grows with what attempts leave behind, such as the bytes that are there; patience begins anew whenever it is
            larger than ever before.
    Raises: GaveUp.
    """
    limit = patience.total if total is None else total
    started, attempts, most = time.monotonic(), 0, gained()
    while True:
        left = limit - (time.monotonic() - started)
        try:
            return call(max(min(patience.call, left), 0.001))
        except Transient as failure:
            if gained() > most:
                started, attempts, most = time.monotonic(), 0, gained()
            attempts += 1
            pause = min(patience.first_pause * 2 ** min(attempts - 1, 20), patience.longest_pause) * random.uniform(0.5, 1.0)
            if failure.wait is not None:
                pause = min(failure.wait, patience.longest_pause)
            seconds = time.monotonic() - started
            if attempts == patience.attempts or seconds + pause >= limit:
                raise GaveUp(failure, attempts, seconds) from failure
            time.sleep(pause)
