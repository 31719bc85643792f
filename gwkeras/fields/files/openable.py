"""Files from outside are first opened by a process that may be lost: some damage makes the NetCDF library search without end.

Of 14,000 files with a few altered bytes three did, and seven took seconds: all while being opened, none while values were read.
A library that searches cannot be stopped from within, and holds a lock without which no other file is read.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import netCDF4  # noqa: F401  loads the library

from gwkeras.core.errors import BadInput

PATIENCE = 60.0  # seconds for one file, on a slow disk
_SCRIPT = Path(__file__).with_name("try_open.py")

_Key = tuple[str, int, int]


def require_openable(paths: Iterable[Path]) -> None:
    """Has all files opened by one process, but those that it has been tried with as they are now.

    Raises: BadInput: for the first over which the process does not end, or dies. A file that is merely damaged passes: who opens
        it then says what is wrong with it.
    """
    named = {path: key for path in paths if (key := _key(path)) is not None}
    waiting = [path for path, key in named.items() if key not in _verdicts()]
    while waiting:
        done, found = _try(waiting)
        _verdicts().update((named[path], "") for path in waiting[:done])
        if found:
            _verdicts()[named[waiting[done]]] = found
        waiting = waiting[done + 1 :]
    for path, key in named.items():
        if _verdicts()[key]:
            raise BadInput(path, expected="a NetCDF file that opens", found=_verdicts()[key], remedy="download it again")


@lru_cache(maxsize=1)
def _verdicts() -> dict[_Key, str]:
    """What was found for files as they are; empty where they open, or are refused without harm."""
    return {}


def _key(path: Path) -> _Key | None:
    try:
        status = path.stat()
    except OSError:
        return None  # who opens it says it better
    return str(path.absolute()), status.st_size, status.st_mtime_ns


def _try(paths: list[Path]) -> tuple[int, str]:
    """How many files were opened, and what became of the one after them; empty where that is all, or no process can be had."""
    with tempfile.TemporaryFile() as listed:
        listed.write(b"\0".join(os.fsencode(path) for path in paths))
        listed.seek(0)
        library = _library()
        isolated = ["-I", "-S"] if library else ["-I"]
        try:
            child = subprocess.Popen(
                [sys.executable, *isolated, str(_SCRIPT), library],
                stdin=listed,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return len(paths), ""
    with child:
        try:
            said, silent = _listen(child, len(paths) + 1)
        finally:
            child.kill()
        if said in (0, len(paths) + 1):
            return len(paths), ""
        if silent:
            return said - 1, f"one over which the NetCDF library had not ended after {PATIENCE:g} s, for damage or a slow disk"
        died = child.wait()
        name = signal.Signals(-died).name if died < 0 else f"exit code {died}"
        return said - 1, f"one over which the NetCDF library breaks down ({name})"


def _listen(child: subprocess.Popen[bytes], lines: int) -> tuple[int, bool]:
    """Lines heard, and whether silence ended it."""
    assert child.stdout is not None
    said, deadline = 0, time.monotonic() + PATIENCE
    while said < lines:
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return said, True
        heard = os.read(child.stdout.fileno(), 2**16)
        if not heard:
            return said, False
        said, deadline = said + heard.count(b"\n"), time.monotonic() + PATIENCE
    return said, False


@lru_cache(maxsize=1)
def _library() -> str:
    """The C library that netCDF4 has loaded into this process; empty where the system does not say."""
    try:
        mapped = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(maxsplit=5)[5] for line in mapped if "libnetcdf" in line.rsplit("/", 1)[-1]), "")
