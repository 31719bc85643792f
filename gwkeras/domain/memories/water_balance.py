"""Snow that waits for warmth and soil that drains the more the wetter it is: a month of each, cell by cell.

Degree-day snow and the soil routine of HBV (Bergström 1992, SMHI RH 4; Lindström et al. 1997, doi 10.1016/S0022-1694(97)00041-3),
with textbook parameters: nothing here is fitted, a prior's weights say what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FREEZING = 273.15  # K
_SPREAD = 1.5  # K by which the days of a month scatter around its mean temperature, in the logistic's scale
_MELT_RATE = 3.0 * 30  # mm K⁻¹ month⁻¹: 3 mm per degree and day
_SHAPE = 2.0  # HBV's β: the share of the water that drains is (filling)^β
_DRY = 0.7  # filling below which plants take less than they could (HBV's LP)
_STEPS = 4  # a month; soil reacts within it
_MEAN_YEARS = 6  # a soil of 200 mm and a seasonal snow cover forget their start in that time


@dataclass
class WaterBalance:
    """Stores at the end of a month, mm.

    Args:
        capacities: mm, one soil for each.
        snow: (...) mm water equivalent.
        soil: (capacity, ...) mm.
    """

    capacities: tuple[float, ...]
    snow: np.ndarray
    soil: np.ndarray

    @classmethod
    def in_balance(cls, capacities: tuple[float, ...], year: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> WaterBalance:
        """Stores after some years of a mean year.

        Args:
            capacities: mm.
            year: precipitation, temperature and potential evapotranspiration of twelve months, the last before the record.
        """
        nothing = np.zeros_like(year[0][0])
        stores = cls(capacities, nothing, np.stack([nothing + capacity / 2 for capacity in capacities]))
        for _ in range(_MEAN_YEARS):
            for month in year:
                stores.advance(*month)
        return stores

    def advance(self, precipitation: np.ndarray, temperature: np.ndarray, potential: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One month further.

        Args:
            precipitation: mm month⁻¹.
            temperature: K.
            potential: potential evapotranspiration, mm month⁻¹.
        Returns: rain and melt, mm month⁻¹; drainage of each soil, (capacity, ...) mm month⁻¹.
        """
        warmth = temperature - _FREEZING
        snowfall = precipitation / (1 + np.exp(np.clip(warmth / _SPREAD, -30, 30)))
        melt = np.minimum(self.snow + snowfall, _MELT_RATE * np.maximum(warmth + 1, 0))
        self.snow = self.snow + snowfall - melt
        water = precipitation - snowfall + melt
        soil, drained, moved = self.soil, np.zeros_like(self.soil), np.empty_like(self.soil)
        capacity = np.array(self.capacities, dtype=soil.dtype).reshape(-1, *(1,) * (soil.ndim - 1))
        water_of_step, potential_of_step = water / _STEPS, potential / _STEPS
        for _ in range(_STEPS):  # in place, for both soils at once: months of a region pass here by the thousand
            through = soil / capacity
            through **= _SHAPE
            through *= water_of_step
            soil += np.subtract(water_of_step, through, out=moved)
            np.maximum(np.subtract(soil, capacity, out=moved), 0, out=moved)  # what does not fit in
            soil -= moved
            through += moved
            drained += through
            np.minimum(np.divide(soil, _DRY * capacity, out=moved), 1, out=moved)
            moved *= potential_of_step
            soil -= np.minimum(moved, soil, out=moved)
        return water, drained
