"""The value computed last: patches of one month come one after the other and share its maps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Keeps one value under its key. Copies for other processes start empty; threads at worst compute a value twice."""

    def __init__(self) -> None:
        self._held: tuple[Hashable, Value] | None = None

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The value of `key`: the one held, or a new one that takes its place."""
        held = self._held
        if held is None or held[0] != key:
            self._held = held = key, compute()
        return held[1]

    def __reduce__(self) -> tuple[type[Latest], tuple[()]]:
        return Latest, ()
