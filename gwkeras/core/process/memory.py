"""The most memory that a process has held."""

from __future__ import annotations

import resource
import sys


def peak_of_this_process() -> int:
    """Largest resident memory since the process began, bytes."""
    return _bytes(resource.RUSAGE_SELF)


def peak_of_children() -> int:
    """Largest resident memory of any one process that this one has started and that has ended, bytes; 0 where there was none."""
    return _bytes(resource.RUSAGE_CHILDREN)


def _bytes(who: int) -> int:
    # getrusage(2): kibibytes on Linux and the BSDs, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit
