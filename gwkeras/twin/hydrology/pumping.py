"""How much groundwater farmers pump."""

from __future__ import annotations

import numpy as np

from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.landscape import Landscape

_CROP_FACTOR = 0.75
_INTENSITY = 0.40  # share of the irrigated area's deficit that farmers make up


def groundwater_pumping(ground: Landscape, forcing: Forcing, evapotranspiration: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """Pumped water: what crops lack in the growing season, mm month⁻¹, (n_lat, n_lon).

    Args:
        ground: whose groundwater-irrigated share of the area counts.
        forcing: the month's weather and demand.
        evapotranspiration: what crops have without irrigation, mm month⁻¹.
        supply: 1 where wells give what is asked for … 0 where they are dry.
    """
    warm = 1 / (1 + np.exp(-(forcing.temperature - 284.0) / 2.0))
    deficit = np.maximum(_CROP_FACTOR * forcing.potential - evapotranspiration, 0.0)
    return _INTENSITY * forcing.demand * ground.pumped_share * warm * deficit * supply
