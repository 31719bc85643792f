"""The water balances by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gwkeras.twin.hydrology import cascade, linear_store, variable_infiltration
from gwkeras.twin.landscape import Landscape


@dataclass(frozen=True)
class Hydrology:
    """A water balance. Its stores are its own; all have `groundwater`, mm, (n_lat, n_lon).

    Args:
        empty: a landscape → stores to start from.
        simulate: (grid, land, landscape, stores, forcings) → stores at each month's end, with the fluxes that led there.
        wetness: (stores, landscape) → filling of the soil, 0 … 1, (n_lat, n_lon).
    """

    empty: Callable[[Landscape], Any]
    simulate: Callable[..., Iterator[tuple[Any, Any]]]
    wetness: Callable[[Any, Landscape], np.ndarray]


HYDROLOGIES: dict[str, Hydrology] = {
    "cascade": Hydrology(cascade.empty_stores, cascade.simulate, cascade.filling),
    "linear": Hydrology(linear_store.empty_stores, linear_store.simulate, lambda stores, landscape: stores.wetness),
    "infiltration": Hydrology(variable_infiltration.empty_stores, variable_infiltration.simulate, variable_infiltration.filling),
}
"""cascade: soil, three delay stores in a row, a linear reservoir with springs, flow between cells; linear: one store;
infiltration: a soil of varied capacity, no delay, exponential baseflow."""
