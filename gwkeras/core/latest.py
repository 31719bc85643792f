"""The value computed last: patches of one month come one after the other and share its maps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Keeps one value under its key, or some. Copies for other processes start empty; threads at worst compute a value twice.

    Args:
        kept: how many.
    """

    def __init__(self, kept: int = 1) -> None:
        self._kept = kept
        self._held: dict[Hashable, Value] = {}

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The value of `key`: one that is held, or a new one that takes the place of the oldest."""
        try:
            return self._held[key]
        except KeyError:
            found = compute()
        held = {**self._held, key: found} if self._kept > 1 else {key: found}
        while len(held) > self._kept:
            del held[next(iter(held))]
        self._held = held
        return found

    def __reduce__(self) -> tuple[type[Latest], tuple[int]]:
        return Latest, (self._kept,)
