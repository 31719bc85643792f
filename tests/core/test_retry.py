"""Asking again, on a clock that the test moves."""

from __future__ import annotations

import pytest

from gwkeras.core import retry
from gwkeras.core.retry import GaveUp, Patience, Transient, persistently


class Clock:
    """Seconds that pass by sleeping, and by calls that take some."""

    def __init__(self) -> None:
        self.now, self.pauses = 0.0, []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(retry, "time", clock)
    monkeypatch.setattr(retry.random, "uniform", lambda low, high: high)
    return clock


def failing(times, **how):
    left = iter([True] * times)

    def call(seconds):
        if next(left, False):
            raise Transient("not now", **how)
        return seconds

    return call


def test_pauses_double_up_to_the_longest(clock):
    patience = Patience(call=7, total=100, first_pause=1, longest_pause=5)
    assert persistently(failing(5), patience) == 7
    assert clock.pauses == [1, 2, 4, 5, 5]


def test_a_call_gets_no_more_than_what_is_left(clock):
    assert persistently(failing(2), Patience(call=7, total=9, first_pause=3, longest_pause=4)) == 2


def test_what_the_server_asks_for_goes_before(clock):
    persistently(failing(3, wait=2.5), Patience(first_pause=1, longest_pause=5))
    persistently(failing(1, wait=99), Patience(first_pause=1, longest_pause=5))
    assert clock.pauses == [2.5, 2.5, 2.5, 5]


def test_the_last_reason_is_told(clock):
    with pytest.raises(GaveUp, match="not now") as ended:
        persistently(failing(99, slow=True), Patience(total=10, first_pause=1, longest_pause=4))
    assert (ended.value.attempts, ended.value.seconds, ended.value.last.slow) == (4, 7, True)  # after 1 + 2 + 4, not 4 more
    with pytest.raises(GaveUp) as ended:
        persistently(failing(99), Patience(attempts=3))
    assert ended.value.attempts == 3


def test_what_is_gained_renews_patience(clock):
    sizes = iter([0, 5, 5, 9, 9, 9, 4, 4, 4, 4, 4, 4, 4, 4])  # two looks an attempt while more than ever is there, else one
    with pytest.raises(GaveUp) as ended:
        persistently(failing(99), Patience(attempts=3, first_pause=1), gained=lambda: next(sizes))
    assert ended.value.attempts == 3
    assert clock.pauses == [1, 1, 2]  # the second attempt gains too, the third and fourth do not
