"""Where and when rows lie, in units in which distances can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Places:
    """Coordinates, each group of columns in units of its spread, so that a group's distances stay Euclidean.

    Args:
        columns: of the table, of each kind of distance: space, and time where it counts.
        centres: of each column, one group after the other.
        scales: of each group.
        period: of the last group's one column, after which seasons come again: the place on that circle is a further group.
            None: none.
    """

    columns: tuple[tuple[int, ...], ...]
    centres: np.ndarray
    scales: np.ndarray
    period: float | None = None

    @classmethod
    def of(cls, table: np.ndarray, columns: tuple[tuple[int, ...], ...], period: float | None = None) -> Places:
        """The units that suit a table (n, column)."""
        centres = np.array([table[:, column].mean() for group in columns for column in group])
        scales = [float(np.sqrt(table[:, group].var(axis=0).sum() / max(len(group), 1))) for group in columns]
        return cls(columns, centres, np.array([scale if scale > 0 else 1.0 for scale in scales]), period)

    @property
    def kinds(self) -> tuple[tuple[int, ...], ...]:
        """Columns of what `__call__` returns, of each kind of distance."""
        found, start = [], 0
        for group in self.columns:
            found.append(tuple(range(start, start + len(group))))
            start += len(group)
        if self.period is not None:
            found.append((start, start + 1))
        return tuple(found)

    def __call__(self, table: np.ndarray) -> np.ndarray:
        """(n, column) -> (n, d)."""
        found, start = [], 0
        for group, scale in zip(self.columns, self.scales, strict=True):
            found.append((table[:, group] - self.centres[start : start + len(group)]) / scale)
            start += len(group)
        if self.period is not None:
            phase = 2 * np.pi * table[:, self.columns[-1]] / self.period
            found += [np.cos(phase), np.sin(phase)]
        return np.concatenate(found, axis=1)
