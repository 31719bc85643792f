"""Arrays on disk that are computed once, month by month, and then memory-mapped by every process."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

_CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class DiskArray:
    """A float32 .npy file that behaves as a read-only array; a process that receives it maps the file instead of copying it."""

    path: Path

    @cached_property
    def values(self) -> np.ndarray:
        return np.load(self.path, mmap_mode="r")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def __getitem__(self, index: Any) -> np.ndarray:
        return self.values[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype)

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Path]) -> None:
        object.__setattr__(self, "path", state["path"])


def cached_array(folder: Path, key: object, shape: tuple[int, ...], compute: Callable[[slice], np.ndarray]) -> DiskArray:
    """The float32 array of `shape` that `compute(slice of the first axis)` gives.

    Args:
        folder: where the array lies; created where absent.
        key: anything JSON can write (or `str`) that determines the values; another key is another file.
    The file appears under its name only when it is whole, so an interrupted computation starts again.
    """
    digest = hashlib.sha256(json.dumps([key, shape], sort_keys=True, default=str).encode()).hexdigest()[:24]
    path = folder / f"{digest}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{digest}.{os.getpid()}.partial"
        try:
            array = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float32, shape=shape)
            rows = max(1, _CHUNK_BYTES // max(1, int(np.prod(shape[1:])) * 4))
            for start in range(0, shape[0], rows):
                part = slice(start, min(start + rows, shape[0]))
                array[part] = compute(part)
            array.flush()
            del array
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return DiskArray(path)
