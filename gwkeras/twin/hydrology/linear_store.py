"""The simplest water balance: what rain leaves after evaporation recharges, at once, one linear store.

Evapotranspiration is Turc's and Pike's: ET = W / √(1 + (W / PET)²) of rain and meltwater W (doi 10.1016/0022-1694(64)90022-8).
The store is linear in both directions: dS/dt = q − S/k with q = recharge − pumping, and below zero rivers leak into it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.pumping import groundwater_pumping
from gwkeras.twin.hydrology.snow import snow_balance
from gwkeras.twin.landscape import Landscape

_DEEP_SHARE = 0.3  # of what percolates, past what drains within the month
_WETNESS_MEMORY = 0.45  # share of last month's wetness that stays; no water depends on it


@dataclass(frozen=True)
class Stores:
    """Water at a month's end, mm, (n_lat, n_lon), float64; groundwater from the level at which rivers neither gain nor lose.

    Args:
        snow: in the pack.
        groundwater: in the one store.
        wetness: an index of the soil, 0 … 1, which only the reanalysis looks at.
    """

    snow: np.ndarray
    groundwater: np.ndarray
    wetness: np.ndarray


@dataclass(frozen=True)
class Fluxes:
    """Water that moved in a month, mm month⁻¹, (n_lat, n_lon), float64."""

    water: np.ndarray  # rain and meltwater
    evapotranspiration: np.ndarray
    runoff: np.ndarray
    recharge: np.ndarray
    pumping: np.ndarray  # all of it evaporates
    baseflow: np.ndarray  # negative where rivers leak


def empty_stores(landscape: Landscape) -> Stores:
    """No snow and no water."""
    nothing = np.zeros_like(landscape.soil_capacity)
    return Stores(nothing, nothing, nothing + 0.5)


def advance(grid: Grid, land: np.ndarray, ground: Landscape, before: Stores, forcing: Forcing) -> tuple[Stores, Fluxes]:
    """A month; see `gwkeras.twin.hydrology.kinds.Hydrology`; cells do not exchange water."""
    snow, water = snow_balance(before.snow, forcing.precipitation, forcing.temperature)
    potential = np.maximum(forcing.potential, 1e-6)
    evapotranspiration = water / np.sqrt(1 + (water / potential) ** 2)
    recharge = _DEEP_SHARE * ground.recharge_share * (water - evapotranspiration)
    pumping = groundwater_pumping(ground, forcing, evapotranspiration, np.ones_like(water))
    decay = np.exp(-1 / ground.residence)
    inflow = recharge - pumping
    groundwater = before.groundwater * decay + inflow * ground.residence * (1 - decay)
    wetness = _WETNESS_MEMORY * before.wetness + (1 - _WETNESS_MEMORY) * water / (water + potential)
    fluxes = Fluxes(
        water,
        evapotranspiration,
        water - evapotranspiration - recharge,
        recharge,
        pumping,
        before.groundwater + inflow - groundwater,
    )
    return Stores(snow, groundwater, wetness), fluxes
