from __future__ import annotations

import pickle

from gwkeras.core.latest import Latest


def test_as_many_values_as_are_wanted_are_kept_and_the_oldest_is_forgotten():
    made = []
    latest = Latest[int](2)

    def of(key: int) -> int:
        return latest.get(key, lambda: (made.append(key), 10 * key)[1])

    assert [of(key) for key in (1, 2, 1, 2, 3, 2, 1)] == [10, 20, 10, 20, 30, 20, 10]
    assert made == [1, 2, 3, 1]


def test_one_value_is_kept_by_itself_and_a_copy_for_another_process_begins_empty():
    latest = Latest[str]()
    assert latest.get("a", lambda: "first") == "first"
    assert latest.get("b", lambda: "other") == "other"
    assert latest.get("a", lambda: "again") == "again"
    assert pickle.loads(pickle.dumps(latest)).get("a", lambda: "anew") == "anew"
