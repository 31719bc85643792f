"""Asking again: a server may restart, be full, or drop a connection; a prediction has no side effects."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gwkeras.core.errors import BadInput

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, in seconds.

    Args:
        call: for one answer.
        total: for an answer at all, repeated calls included.
        connect: instead of `total` for the first question, so that a wrong address is soon told.
        first_pause, longest_pause: between calls, doubling from the one to the other, each shortened by a random part so that
            clients that failed together do not come back together.
    """

    call: float = 60.0
    total: float = 180.0
    connect: float = 20.0
    first_pause: float = 0.1
    longest_pause: float = 5.0


class Transient(Exception):
    """A call that failed in a way that may pass.

    Args:
        slow: whether the server kept silent, rather than refused.
    """

    def __init__(self, reason: str, slow: bool = False) -> None:
        super().__init__(reason)
        self.slow = slow


def persistently(call: Callable[[float], Answer], patience: Patience, where: object, total: float | None = None) -> Answer:
    """Calls `call(seconds it may take)` until it answers.

    Raises: BadInput: where there is no answer within `total` seconds (default `patience.total`), with the last reason.
    """
    limit = patience.total if total is None else total
    started = time.monotonic()
    attempt = 0
    while True:
        left = limit - (time.monotonic() - started)
        try:
            return call(max(min(patience.call, left), 0.001))
        except Transient as error:
            attempt += 1
            pause = min(patience.first_pause * 2 ** min(attempt - 1, 20), patience.longest_pause) * random.uniform(0.5, 1.0)
            if time.monotonic() - started + pause < limit:
                time.sleep(pause)
                continue
            seconds = time.monotonic() - started
            raise BadInput(
                where,
                expected="a TF Serving server that answers" + (f" within {patience.call:g} s" if error.slow else ""),
                found=f"{error} after {attempt} attempt{'s'[: attempt > 1]} in {seconds:.0f} s",
                remedy="use smaller tiles or wait longer" if error.slow else "start the server or check the address",
            ) from error
