"""One month of water in a cell: snow, soil, two delay stores in a row, groundwater, pumping.

Degree-day snow, the soil routine and the response of HBV (Bergström 1992, SMHI RH 4; Lindström et al. 1997,
doi 10.1016/S0022-1694(97)00041-3); linear stores in a row for the way down (Nash 1957, IAHS Publ. 45, 114); pumping that makes
up for a share of what crops lack, at first out of storage, in time out of what it draws in from rivers and neighbours (Theis
1940, Civil Engineering 10, 277). The same lines run in numpy and in `keras.ops`: `xp` is either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FREEZING = 273.15  # K
_SPREAD = 1.5  # K by which the days of a month scatter around its mean temperature, in the logistic's scale
_DRY = 0.7  # filling below which plants take less than they could (HBV's LP)
_LEAST_FILLING = 1e-3  # its logarithm is taken

STORES = ("snow", "soil", "upper", "lower", "groundwater")
"""Water in each at the end of a month, mm; `upper` and `lower` delay what is on its way to the groundwater."""

FORCING = ("precipitation", "temperature", "potential", "decades")
"""mm month⁻¹, K, mm month⁻¹, and the time in decades from the middle of the record."""

Stores = tuple[Any, ...]
"""One array for each of `STORES`."""


def advance(xp: Any, stores: Stores, forcing: tuple[Any, ...], parameters: Mapping[str, Any]) -> tuple[Stores, Any]:
    """One month further.

    Args:
        xp: numpy or keras.ops.
        stores: of the month before, (..., cell) each.
        forcing: of the month, in the order of `FORCING`; (cell,) each, the time a scalar.
        parameters: by the names of `gwkeras.methods.priors.storage_model.parameters.PARAMETERS`, (..., cell) each.
    Returns: the stores; and what flows into the groundwater less what is pumped out of it, mm month⁻¹.
    """
    snow, soil, upper, lower, groundwater = stores
    precipitation, temperature, potential, decades = forcing
    p = parameters
    warmth = temperature - _FREEZING
    snowfall = precipitation / (1.0 + xp.exp(xp.clip(warmth / _SPREAD, -30.0, 30.0)))
    melt = xp.minimum(snow + snowfall, p["melt"] * xp.maximum(warmth + 1.0, 0.0))
    snow = snow + snowfall - melt
    water = precipitation - snowfall + melt

    # The share of the water that drains is (filling)^shape, taken in the middle of the month.
    filling = xp.clip((soil + 0.5 * xp.minimum(water, p["capacity"])) / p["capacity"], _LEAST_FILLING, 1.0)
    through = water * xp.exp(p["shape"] * xp.log(filling))
    soil = soil + water - through
    excess = xp.maximum(soil - p["capacity"], 0.0)
    soil = soil - excess
    wanted = p["evaporation"] * potential
    taken = xp.minimum(wanted * xp.minimum(soil / (_DRY * p["capacity"]), 1.0), soil)
    soil = soil - taken

    passes = 1.0 - xp.exp(-1.0 / p["delay"])
    upper = upper + p["recharge"] * (through + excess)
    leaving = passes * upper
    upper, lower = upper - leaving, lower + leaving
    arriving = passes * lower
    lower = lower - arriving

    demand = p["pumping"] * xp.exp(p["growth"] * decades)
    inflow = arriving - demand * (wanted - taken)
    raised = groundwater + inflow
    # Above the level of the rivers these are fed; what wells have drawn below it is made up for, more slowly.
    out_of_balance = xp.maximum(raised, 0.0) + p["capture"] * xp.minimum(raised, 0.0)
    groundwater = raised - (1.0 - xp.exp(-1.0 / p["residence"])) * out_of_balance
    return (snow, soil, upper, lower, groundwater), inflow


def storage(stores: Stores, parameters: Mapping[str, Any]) -> Any:
    """What of the stores the product counts as groundwater, mm: groundwater, and a share of what is on its way to it."""
    return stores[4] + parameters["counted"] * (stores[2] + stores[3])


def first_stores(xp: Any, parameters: Mapping[str, Any]) -> Stores:
    """Half-full soil, and nothing else."""
    nothing = xp.zeros_like(parameters["capacity"])
    return nothing, 0.5 * parameters["capacity"], nothing, nothing, nothing


def in_balance(xp: Any, stores: Stores, inflow: Any, parameters: Mapping[str, Any]) -> Stores:
    """The stores with the groundwater that a steady inflow would keep up.

    Args:
        xp: numpy or keras.ops.
        stores: (..., cell) each.
        inflow: (..., cell) its mean over a mean year, mm month⁻¹.
        parameters: as for `advance`.
    """
    kept = xp.exp(-1.0 / parameters["residence"])
    return (*stores[:4], xp.maximum(inflow, 0.0) * kept / (1.0 - kept))
