"""How long work says how far it has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with a label, the number done and the number in all (MiB of a download; 0: unknown)."""


def silent(label: str, done: int, total: int) -> None:
    """Progress that nobody watches.

    Args:
        label: of the work.
        done: so much of it.
        total: of so much.
    """
