"""One process at a time in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gwkeras.core.errors import RunInUse


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Holds `folder` for this process; the kernel lets go of it when the process ends, however it ends.

    Raises: RunInUse: where another living process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".lock"
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise RunInUse(
                folder,
                expected="a folder that no other process is using",
                found=f"process {holder} at work in it",
                remedy="wait for it to end, or choose another folder",
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)
