"""The cells of a climate that hold land, one after the other: of a window of the globe they are a quarter of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gwkeras.domain.memories.fine_climate import FineClimate, Layers


@dataclass(frozen=True)
class LandCells:
    """A climate as `FineClimate` has it, with one axis of cells in place of rows and columns.

    Args:
        climate: whose cells they are.
    """

    climate: FineClimate

    @property
    def months(self) -> np.ndarray:
        """(C,) datetime64[M]."""
        return self.climate.months

    @cached_property
    def channels(self) -> Mapping[str, Any]:
        """Name -> what gives (cell,) of a month."""
        return {name: OnLand(array, self.land) for name, array in self.climate.channels.items()}

    @cached_property
    def land(self) -> np.ndarray:
        """(n_lat, n_lon) where they lie."""
        return self.climate.land > 0

    @property
    def shape(self) -> tuple[int, ...]:
        """(cell,)."""
        return (int(self.land.sum()),)

    def by_row(self, values: np.ndarray) -> np.ndarray:
        """(n_lat,) of each parallel to (cell,)."""
        return values[np.nonzero(self.land)[0]]

    def of_grid(self, values: np.ndarray) -> np.ndarray:
        """(..., n_lat, n_lon) to (..., cell)."""
        return values[..., self.land]

    def on_grid(self, values: np.ndarray) -> np.ndarray:
        """(..., cell) to (..., n_lat, n_lon), 0 at sea."""
        result = np.zeros((*values.shape[:-1], *self.land.shape), dtype=values.dtype)
        result[..., self.land] = values
        return result

    def kept(self, name: str, layers: int, compute: Callable[[FineClimate], np.ndarray]) -> Layers:
        """See `FineClimate.kept`."""
        return OnLand(self.climate.kept(name, layers, compute), self.land)


@dataclass(frozen=True)
class OnLand:
    """Cells of an array (C, n_lat, n_lon), of a month, or some, at a time."""

    array: Any
    land: np.ndarray

    def __getitem__(self, month: int | slice) -> np.ndarray:
        return np.asarray(self.array[month])[..., self.land]
