"""Monthly water balance: snow, soil, unsaturated zone, groundwater. What leaves a store enters another or is counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.pumping import groundwater_pumping
from gwkeras.twin.landscape import Landscape

_STEPS_DOWN = 3  # reservoirs of the Nash cascade
_FREEZING = 273.65  # K; half of a month's precipitation falls as snow at this mean temperature
_MELT_RATE = 60.0  # mm K-1 month-1
_BYPASS_SHARE = 0.25  # of infiltrating water, down cracks and roots past the soil
_RETURN_SHARE = 0.25  # of pumped water, back into the ground
_FULL = 700.0  # mm above the drainage level, from where springs run
_SPRING_SHARE = 0.5  # of the excess, in a month
_RESERVE = 500.0  # mm below the drainage level at which wells run dry


@dataclass(frozen=True)
class Stores:
    """Water in each store at a month's end, mm, (n_lat, n_lon) (unsaturated zone: (3, n_lat, n_lon)), float64.

    Groundwater is counted from the drainage level: above it rivers are fed, below it only wells draw.
    """

    snow: np.ndarray
    soil: np.ndarray
    unsaturated: np.ndarray
    groundwater: np.ndarray


@dataclass(frozen=True)
class Fluxes:
    """Water that moved in a month, mm month⁻¹, (n_lat, n_lon), float64."""

    snowfall: np.ndarray
    rain: np.ndarray
    melt: np.ndarray
    fast_runoff: np.ndarray
    evapotranspiration: np.ndarray  # from the soil
    interflow: np.ndarray
    recharge: np.ndarray  # soil to unsaturated zone
    arrival: np.ndarray  # unsaturated zone to groundwater
    baseflow: np.ndarray
    pumping: np.ndarray  # out of groundwater: what is evaporated by crops and what returns
    crop_evaporation: np.ndarray
    return_flow: np.ndarray  # back to the unsaturated zone
    lateral: np.ndarray  # groundwater from the neighbours, net


def empty_stores(landscape: Landscape) -> Stores:
    """A dry start: half-full soil and nothing else."""
    nothing = np.zeros_like(landscape.soil_capacity)
    return Stores(nothing, landscape.soil_capacity / 2, np.zeros((_STEPS_DOWN, *nothing.shape)), nothing)


def filling(stores: Stores, landscape: Landscape) -> np.ndarray:
    """Of the soil, 0 … 1, (n_lat, n_lon)."""
    return np.minimum(stores.soil / landscape.soil_capacity, 1.0)


def advance(grid: Grid, land: np.ndarray, ground: Landscape, before: Stores, forcing: Forcing) -> tuple[Stores, Fluxes]:
    """A month; see `gwkeras.twin.hydrology.kinds.Hydrology`. No water flows into the sea under ground."""
    precipitation = forcing.precipitation.astype(np.float64)
    frozen = 1 / (1 + np.exp(np.clip((forcing.temperature.astype(np.float64) - _FREEZING) * 1.2, -30, 30)))
    snowfall = precipitation * frozen
    rain = precipitation - snowfall
    melt = np.minimum(before.snow + snowfall, _MELT_RATE * np.maximum(forcing.temperature - _FREEZING + 1.5, 0.0))
    snow = before.snow + snowfall - melt

    capacity = ground.soil_capacity
    water = rain + melt
    fast = water * ground.fast_share * np.minimum(before.soil / capacity, 1.0)
    bypass = _BYPASS_SHARE * (water - fast)
    wet = before.soil + water - fast - bypass
    evapotranspiration = np.minimum(forcing.potential * np.minimum(wet / (0.8 * capacity), 1.0), 0.7 * wet)
    left = wet - evapotranspiration
    drainage = np.maximum(left - capacity, 0.0) + 0.18 * np.maximum(np.minimum(left, capacity) - 0.45 * capacity, 0.0)
    soil = left - drainage
    recharge = (drainage + bypass) * ground.recharge_share
    interflow = drainage + bypass - recharge

    lateral = lateral_flow(grid, land, before.groundwater, ground.transmissivity)
    supply = np.clip(1 + before.groundwater / _RESERVE, 0.0, 1.0)
    pumping = groundwater_pumping(ground, forcing, evapotranspiration, supply)
    return_flow = _RETURN_SHARE * pumping

    emptied = -np.expm1(-_STEPS_DOWN / ground.delay)
    unsaturated = np.empty_like(before.unsaturated)
    passing = recharge + return_flow
    for step in range(_STEPS_DOWN):
        held = before.unsaturated[step] + passing
        passing = held * emptied
        unsaturated[step] = held - passing
    arrival = passing

    raised = before.groundwater + arrival + lateral - pumping
    above = np.maximum(raised, 0.0)
    springs = _SPRING_SHARE * np.maximum(above - _FULL, 0.0)
    baseflow = springs + (above - springs) * -np.expm1(-1 / ground.residence)
    after = Stores(snow, soil, unsaturated, raised - baseflow)
    return after, Fluxes(
        snowfall,
        rain,
        melt,
        fast,
        evapotranspiration,
        interflow,
        recharge,
        arrival,
        baseflow,
        pumping,
        pumping - return_flow,
        return_flow,
        lateral,
    )


def lateral_flow(grid: Grid, land: np.ndarray, storage: np.ndarray, transmissivity: np.ndarray) -> np.ndarray:
    """Net monthly inflow from the four neighbours, mm, (n_lat, n_lon); Σ area × inflow = 0.

    Args:
        storage: mm.
        transmissivity: share of the difference that crosses a face in a month; a face takes the geometric mean of its cells.
    """
    inflow = np.zeros_like(storage)
    for axis in (0, 1):
        low = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        high = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        conductance = np.sqrt(transmissivity[low] * transmissivity[high]) * (land[low] & land[high])
        face = np.sqrt(grid.area[low] * grid.area[high])
        volume = conductance * face * (storage[high] - storage[low])  # mm km², into `low`
        inflow[low] += volume / grid.area[low]
        inflow[high] -= volume / grid.area[high]
    return inflow
