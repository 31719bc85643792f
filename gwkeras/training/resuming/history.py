"""history.csv: one row an epoch, the same whether or not the training was interrupted."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import keras

from gwkeras.core.files.whole_file import write_atomically


class HistoryFile(keras.callbacks.Callback):
    """Writes the whole history after each epoch, under a temporary name first.

    Args:
        path: CSV.
        before: metric name -> values of the epochs done before, which another callback goes on to fill after this one.
    """

    def __init__(self, path: Path, before: Mapping[str, list[float]]) -> None:
        super().__init__()
        self._path = path
        self._rows = {name: list(values) for name, values in before.items()}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        for name, value in (logs or {}).items():
            self._rows.setdefault(name, []).append(float(value))
        names = sorted(self._rows)
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["epoch", *names])
        table.writerows([number, *row] for number, row in enumerate(zip(*(self._rows[name] for name in names), strict=True)))
        write_atomically(self._path, text.getvalue().encode())
