"""Parts of months and places that are left out by turns, so that a prior can be asked for what it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.core.months import month_number
from gwkeras.domain.split import Box
from gwkeras.methods.training import Training

_SPANS = 2  # of months in each part: neighbours are alike, and a long record holds more than one kind of years


@dataclass(frozen=True)
class Fold:
    """One part that is left out.

    Args:
        training: all that may be learned from while it is left out.
        months: (h,) positions, among all training months, of those left out.
        spans: (h,) the span that each belongs to, counted over all folds.
        tiles: the tiles that are left out; empty where months alone are.
    """

    training: Training
    months: np.ndarray
    spans: np.ndarray
    tiles: tuple[int, ...] = ()


def folds_of(training: Training, count: int, grid: Grid | None = None, tiles: Sequence[np.ndarray] = ()) -> tuple[Fold, ...]:
    """`count` folds that together leave out every training month once, and every tile once where there are as many tiles.

    Months of a fold are left out in all tiles, and its tiles in all months: neighbours in either tell of each other.

    Args:
        training: its months are divided.
        count: of folds.
        grid: that the tiles' cells lie on.
        tiles: (cells, 2) row and column each.
    """
    months = training.months
    spans = np.arange(len(months)) * count * _SPANS // len(months)
    found = []
    for number in range(count):
        left_out = np.flatnonzero(spans % count == number)
        absent = {int(month_number(months[index])) for index in left_out}
        own = tuple(range(number, len(tiles), count)) if len(tiles) >= count else ()
        boxes = tuple(box for tile in own for box in _boxes(grid, tiles[tile])) if grid is not None else ()
        split = training.split
        kept = zip(split.train_months, split.months_of("train"), strict=True)
        part = replace(
            split,
            train_months=tuple(name for name, month in kept if month not in absent),
            held_out=(*split.held_out, *boxes),
        )
        found.append(Fold(replace(training, split=part), left_out, spans[left_out], own))
    return tuple(found)


def _boxes(grid: Grid, cells: np.ndarray) -> list[Box]:
    """One box for each run of neighbours in a row."""
    boxes = []
    for row in np.unique(cells[:, 0]):
        columns = np.sort(cells[cells[:, 0] == row, 1])
        for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
            south, north = grid.lat_edges[row], grid.lat_edges[row + 1]
            boxes.append(Box(float(south), float(north), float(grid.lon_edges[run[0]]), float(grid.lon_edges[run[-1] + 1])))
    return boxes
