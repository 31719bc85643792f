"""The water balances by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.twin.hydrology import cascade, linear_store, variable_infiltration
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.landscape import Landscape


@dataclass(frozen=True)
class Hydrology:
    """A water balance. Its stores are its own; all have `groundwater`, mm, (n_lat, n_lon).

    Args:
        empty: a landscape → stores to start from.
        advance: (grid, land, landscape, stores, forcing) → stores at the month's end, with the fluxes that led there; results
            at sea mean nothing.
        wetness: (stores, landscape) → filling of the soil, 0 … 1, (n_lat, n_lon).
    """

    empty: Callable[[Landscape], Any]
    advance: Callable[[Grid, np.ndarray, Landscape, Any, Forcing], tuple[Any, Any]]
    wetness: Callable[[Any, Landscape], np.ndarray]

    def simulate(
        self, grid: Grid, land: np.ndarray, landscape: Landscape, stores: Any, forcings: Iterable[Forcing]
    ) -> Iterator[tuple[Any, Any]]:
        """Stores at the end of each month and the fluxes that led there.

        Args:
            grid: of the landscape.
            land: bool, (n_lat, n_lon).
            landscape: what the ground is like.
            stores: before the first month.
            forcings: the months'.
        """
        for forcing in forcings:
            stores, fluxes = self.advance(grid, land, landscape, stores, forcing)
            yield stores, fluxes


HYDROLOGIES: dict[str, Hydrology] = {
    "cascade": Hydrology(cascade.empty_stores, cascade.advance, cascade.filling),
    "linear": Hydrology(linear_store.empty_stores, linear_store.advance, lambda stores, landscape: stores.wetness),
    "infiltration": Hydrology(variable_infiltration.empty_stores, variable_infiltration.advance, variable_infiltration.filling),
}
"""cascade: soil, three delay stores in a row, a linear reservoir with springs, flow between cells; linear: one store;
infiltration: a soil of varied capacity, no delay, exponential baseflow."""
