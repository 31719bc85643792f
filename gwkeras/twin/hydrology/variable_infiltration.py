"""A soil whose capacity varies within the cell, gravity drainage, and baseflow that grows exponentially with storage.

Infiltration as in VIC and ARNO (Wood et al. 1992, doi 10.1029/91JD01786; Todini 1996, doi 10.1016/S0022-1694(96)80016-3),
drainage after Brooks and Corey, baseflow after TOPMODEL (Niu et al. 2007, doi 10.1029/2006JD007522). No store delays recharge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.pumping import groundwater_pumping
from gwkeras.twin.hydrology.snow import snow_balance
from gwkeras.twin.landscape import Landscape

_STEPS = 4  # in a month
_SHAPE = 0.25  # b of the infiltration curve, on flat land; up to 0.75 more where the ground sheds water
_STRESS_BELOW = 0.7  # filling of the soil below which plants transpire less
_DRAINAGE = 260.0  # mm month-1 from a full soil of medium fineness
_BROOKS_COREY = 6.0  # exponent of the filling, on sand; 12 on clay
_SCALE_PER_MONTH = 9.0  # mm of exponential scale for each month of residence
_BASEFLOW = 12.0  # mm month-1 at storage 0
_RESERVE = 500.0  # mm below zero at which wells run dry


@dataclass(frozen=True)
class Stores:
    """Water at a month's end, mm, (n_lat, n_lon), float64; groundwater from the level at which baseflow is 12 mm month⁻¹."""

    snow: np.ndarray
    soil: np.ndarray
    groundwater: np.ndarray


@dataclass(frozen=True)
class Fluxes:
    """Water that moved in a month, mm month⁻¹, (n_lat, n_lon), float64."""

    water: np.ndarray  # rain and meltwater
    surface_runoff: np.ndarray
    evapotranspiration: np.ndarray
    recharge: np.ndarray  # soil to groundwater
    interflow: np.ndarray
    pumping: np.ndarray  # all of it evaporates
    baseflow: np.ndarray


def empty_stores(landscape: Landscape) -> Stores:
    """A dry start: half-full soil and no snow."""
    nothing = np.zeros_like(landscape.soil_capacity)
    return Stores(nothing, _capacity(landscape) / 2, nothing)


def filling(stores: Stores, landscape: Landscape) -> np.ndarray:
    """Of the soil, 0 … 1, (n_lat, n_lon)."""
    return stores.soil / _capacity(landscape)


def surface_runoff(soil: np.ndarray, water: np.ndarray, capacity: np.ndarray, shape: np.ndarray | float) -> np.ndarray:
    """What does not infiltrate, mm, where the point capacities' distribution is F(i) = 1 − (1 − i/iₘ)^b, iₘ = (1 + b) capacity.

    Args:
        soil: mm in store.
        water: mm that falls on it.
        capacity: mm, mean of the cell.
        shape: b.
    Source: Wood et al. 1992, doi 10.1029/91JD01786.
    """
    largest = capacity * (1 + shape)
    level = largest * (1 - np.maximum(1 - soil / capacity, 0.0) ** (1 / (1 + shape)))
    room = capacity - soil
    unfilled = capacity * np.maximum(1 - (level + water) / largest, 0.0) ** (1 + shape)
    return np.clip(water - room + unfilled, 0.0, water)


def baseflow_recession(storage: np.ndarray, inflow: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Storage after a month of dS/dt = inflow − Q₀ exp(S / scale), mm.

    Exact, since u = exp(−S / scale) follows the linear du/dt = (Q₀ − inflow u) / scale.

    Args:
        storage: at the month's beginning, mm.
        inflow: mm month⁻¹, of either sign.
        scale: mm.
    """
    steps = inflow / scale
    weight = np.where(np.abs(steps) > 1e-9, -np.expm1(-steps) / np.where(steps == 0, 1.0, steps), 1.0)
    return -scale * np.log(np.exp(-storage / scale - steps) + _BASEFLOW / scale * weight)


def _capacity(ground: Landscape) -> np.ndarray:
    return 1.6 * ground.soil_capacity  # a deeper column than the cascade's, since its lower end drains it


def advance(grid: Grid, land: np.ndarray, ground: Landscape, before: Stores, forcing: Forcing) -> tuple[Stores, Fluxes]:
    """A month; see `gwkeras.twin.hydrology.kinds.Hydrology`; cells do not exchange water."""
    snow, water = snow_balance(before.snow, forcing.precipitation, forcing.temperature)
    capacity = _capacity(ground)
    fineness = (ground.soil_capacity - 50) / 150
    shape = _SHAPE + 0.75 * np.clip(ground.fast_share, 0.0, 1.0)
    exponent = _BROOKS_COREY * (1 + fineness)
    conductivity = _DRAINAGE * np.exp(-2.0 * (fineness - 0.5))
    soil = before.soil
    runoff = evapotranspiration = drained = np.zeros_like(soil)
    for _ in range(_STEPS):
        shed = surface_runoff(soil, water / _STEPS, capacity, shape)
        soil = soil + water / _STEPS - shed
        evaporated = forcing.potential / _STEPS * np.minimum(soil / (_STRESS_BELOW * capacity), 1.0)
        evaporated = np.minimum(evaporated, 0.8 * soil)
        soil = soil - evaporated
        sunk = np.minimum(conductivity / _STEPS * (soil / capacity) ** exponent, 0.5 * soil)
        soil = soil - sunk
        runoff, evapotranspiration, drained = runoff + shed, evapotranspiration + evaporated, drained + sunk
    recharge = drained * ground.recharge_share
    supply = np.clip(1 + before.groundwater / _RESERVE, 0.0, 1.0)
    pumping = groundwater_pumping(ground, forcing, evapotranspiration, supply)
    groundwater = baseflow_recession(before.groundwater, recharge - pumping, _SCALE_PER_MONTH * ground.residence)
    baseflow = before.groundwater + recharge - pumping - groundwater
    fluxes = Fluxes(water, runoff, evapotranspiration, recharge, drained - recharge, pumping, baseflow)
    return Stores(snow, soil, groundwater), fluxes
