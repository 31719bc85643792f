"""Months waiting to be written together: in memory while they are few, else in a file that has no name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np


class Spool:
    """Fields of consecutive months, given back by bands of rows with all their months.

    A chunk of a NetCDF file holds many months of few cells. Waiting on disk for a chunk to fill keeps memory the same however
    many months a chunk has.

    Args:
        folder: where the file lies; it is gone when the process ends, however it ends.
        kinds: field name -> dtype.
        shape: (n_lat, n_lon) of a field.
        memory: bytes up to which no file is needed.
    """

    def __init__(self, folder: Path, kinds: dict[str, np.dtype], shape: tuple[int, int], memory: int) -> None:
        self.months: list[np.datetime64] = []
        self._kinds, self._shape = kinds, shape
        self._file = tempfile.SpooledTemporaryFile(max_size=memory, dir=str(folder), prefix=".months-")  # noqa: SIM115  (closed by `close`)
        self._starts, self._size = {}, 0
        for name, kind in kinds.items():
            self._starts[name] = self._size
            self._size += kind.itemsize * shape[0] * shape[1]

    def add(self, month: np.datetime64, fields: dict[str, np.ndarray]) -> None:
        """Appends one month. Raises: OSError: where the disk is full."""
        self._file.seek(len(self.months) * self._size)
        for name, kind in self._kinds.items():
            self._file.write(np.ascontiguousarray(fields[name], dtype=kind).data)
        self.months.append(month)

    def bands(self, name: str, rows: int) -> Iterator[tuple[slice, np.ndarray]]:
        """(rows, (months, rows, n_lon)) from south to north."""
        kind, (n_lat, n_lon) = self._kinds[name], self._shape
        for first in range(0, n_lat, rows):
            part = slice(first, min(first + rows, n_lat))
            band = np.empty((len(self.months), part.stop - first, n_lon), kind)
            for k in range(len(self.months)):
                self._file.seek(k * self._size + self._starts[name] + first * n_lon * kind.itemsize)
                band[k] = np.frombuffer(self._file.read(band[k].nbytes), kind).reshape(band[k].shape)
            yield part, band

    def clear(self) -> None:
        """Forgets all months; the space is used again."""
        self.months.clear()

    def close(self) -> None:
        """Gives the space back."""
        self._file.close()
