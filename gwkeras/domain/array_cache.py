"""Arrays on disk that are computed once, month by month, and then memory-mapped by every process."""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.files.whole_file import replacing_path

_BLOCK_BYTES = 16 * 2**20  # of float32 computed or read at once; the sums over it are float64, several times as large
_HELD_BYTES = 2**27  # of a mapped file, looked at before its pages are given back
_EDITION = 2  # raised when the same keys come to mean other values, so that older caches are not used


@dataclass(frozen=True)
class DiskArray:
    """A float32 .npy file that behaves as a read-only array; a process that receives it maps the file instead of copying it.

    Pages of the file that were looked at long ago are given back: for the globe the files are larger than a machine's memory.
    """

    path: Path

    @cached_property
    def values(self) -> np.ndarray:
        return np.load(self.path, mmap_mode="r")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def __getitem__(self, index: Any) -> np.ndarray:
        found: np.ndarray = self.values[index]
        first, last = np.lib.array_utils.byte_bounds(found)  # of a window all that lies between its corners: pages are read whole
        self._looked_at[0] += last - first
        if self._looked_at[0] > _HELD_BYTES:
            self._looked_at[0] = 0
            self._give_back()
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.values, dtype=dtype) if copy is False else np.array(self.values, dtype=dtype)

    @cached_property
    def _looked_at(self) -> list[int]:
        """Bytes, since pages were given back."""
        return [0]

    def _give_back(self) -> None:
        """Lets the system take the pages; they are read again where they are looked at again."""
        mapped = getattr(self.values, "_mmap", None)
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):  # neither on Windows nor for an empty array
            mapped.madvise(mmap.MADV_DONTNEED)

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Path]) -> None:
        object.__setattr__(self, "path", state["path"])


def cached_array(
    folder: Path,
    key: object,
    shape: tuple[int, ...],
    compute: Callable[[slice], np.ndarray],
    *,
    axis: int = 0,
    step_bytes: int = 0,
    at_least: int = 1,
) -> DiskArray:
    """The float32 array of `shape` that `compute(slice along axis)` gives, block by block.

    Args:
        folder: where the array lies; created where absent.
        key: anything JSON can write (or `str`) that determines the values; another key is another file.
        axis: the axis along which blocks are computed.
        step_bytes: what `compute` reads for one step along `axis`, where that is more than what it returns.
        at_least: steps along `axis` that are computed at once, whatever they take.
    The file appears under its name only when it is whole, so an interrupted computation starts again.
    Raises: OSError: where the disk is too small for the array, before anything is computed.
    """
    digest = hashlib.sha256(json.dumps([_EDITION, key, shape], sort_keys=True, default=str).encode()).hexdigest()[:24]
    path = folder / f"{digest}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with replacing_path(path) as partial:
            _allocate(partial, shape)
            steps = max(1, at_least, _BLOCK_BYTES // max(step_bytes, 4 * math.prod(shape) // max(1, shape[axis]), 1))
            for start in range(0, shape[axis], steps):
                part = slice(start, min(start + steps, shape[axis]))
                # Mapped anew for each block: pages written before no longer count as this process's memory.
                np.load(partial, mmap_mode="r+")[(slice(None),) * axis + (part,)] = compute(part)
    return DiskArray(path)


def array_digest(values: np.ndarray) -> str:
    """Changes with the values; for keys of arrays that depend on them."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def _allocate(path: Path, shape: tuple[int, ...]) -> None:
    """An .npy file of zeros that owns its blocks on disk: writing to a map of a sparse file on a full disk ends the process."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        file.flush()
        start, size = file.tell(), 4 * math.prod(shape)
        if size:
            os.posix_fallocate(file.fileno(), start, size)
