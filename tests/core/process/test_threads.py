"""Work side by side: in order, on the processors that are given, with one thread of linear algebra each."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from gwkeras.core.process import threads
from gwkeras.core.process.threads import processors, side_by_side


def test_results_come_in_the_order_of_the_items():
    assert side_by_side(lambda item: item**2, range(50), threads=4) == [item**2 for item in range(50)]


def test_items_are_worked_at_the_same_time():
    both = threading.Barrier(2, timeout=20)  # lets nobody pass alone
    assert sorted(side_by_side(lambda item: both.wait(), range(2), threads=2)) == [0, 1]


def test_an_error_of_an_item_is_raised():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda item: 1 / item, [1, 0], threads=2)


@pytest.mark.parametrize(("stated", "expected"), [("1", 1), ("", 3), ("64", 3), ("2,1", 3)])
def test_processors_are_those_given_or_fewer_where_it_is_asked(stated, expected, monkeypatch):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda process: {0, 1, 2}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    assert processors() == expected


def test_linear_algebra_has_one_thread_meanwhile():
    np.ones((2, 2)) @ np.ones((2, 2))  # so that it is there
    found = side_by_side(lambda item: [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"], [0], threads=2)
    assert found[0]
    assert set(found[0]) == {1}
