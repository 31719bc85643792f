"""What drives a water balance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Forcing:
    """A month's weather and demand.

    Args:
        precipitation: mm month⁻¹, (n_lat, n_lon).
        potential: potential evapotranspiration, mm month⁻¹, (n_lat, n_lon).
        temperature: K, (n_lat, n_lon).
        demand: pumping relative to the record's middle, 1.
    """

    precipitation: np.ndarray
    potential: np.ndarray
    temperature: np.ndarray
    demand: float
