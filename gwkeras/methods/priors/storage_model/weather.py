"""What drives the model in some cells: rain, temperature, potential evapotranspiration and time, from a mean year on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.months import calendar_month, days_in_month, month_number
from gwkeras.fields.pet import FREEZING_K, LATENT_HEAT, extraterrestrial_radiation, mid_month_day

NEEDED = ("precipitation", "temperature")
"""Climate channels without which there is no storage model."""

MEAN_YEARS = 2  # that soil and delay stores fill in; the groundwater is then set in balance


@dataclass(frozen=True)
class Weather:
    """Monthly forcing of cells.

    Args:
        months: (C,) datetime64[M], consecutive.
        precipitation: (C, cell) mm month⁻¹.
        temperature: (C, cell) K.
        potential: (C, cell) mm month⁻¹.
        decades: (C,) from the middle of the training months.
        before: the same three of `MEAN_YEARS` mean years that end before the first month, (12 · years, cell) each.
    """

    months: np.ndarray
    precipitation: np.ndarray
    temperature: np.ndarray
    potential: np.ndarray
    decades: np.ndarray
    before: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(
        cls, months: np.ndarray, precipitation: np.ndarray, temperature: np.ndarray, latitude: np.ndarray, middle: float
    ) -> Weather:
        """The forcing of some cells.

        Args:
            months: (C,) datetime64[M], consecutive.
            precipitation: (C, cell) mm month⁻¹.
            temperature: (C, cell) K.
            latitude: (cell,) degrees.
            middle: months since 2002-01 at which the time is 0.
        """
        potential = oudin(months, temperature, latitude)
        calendar = calendar_month(months)
        first = int(calendar[0])
        order = np.tile((np.arange(12) + first - 1) % 12, MEAN_YEARS)
        fields = precipitation.astype(np.float32), temperature.astype(np.float32), potential
        before = tuple(_mean_year(field, calendar)[order].astype(np.float32) for field in fields)
        decades = ((month_number(months) - middle) / 120.0).astype(np.float32)
        return cls(months, *fields, decades, (before[0], before[1], before[2]))


def oudin(months: np.ndarray, temperature: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Potential evapotranspiration of cells; see `gwkeras.fields.pet.oudin`.

    Args:
        months: (C,) datetime64[M].
        temperature: (C, cell) K.
        latitude: (cell,) degrees.
    Returns: (C, cell) mm month⁻¹.
    """
    lat, place = np.unique(np.clip(latitude, -90, 90), return_inverse=True)
    daily = extraterrestrial_radiation(lat[None], mid_month_day(months)[:, None])[:, place] / LATENT_HEAT
    return (daily * days_in_month(months)[:, None] * np.maximum(temperature - (FREEZING_K - 5), 0) / 100).astype(np.float32)


def _mean_year(field: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """(12, cell) means of the calendar months, January first; the mean of all where the record lacks one."""
    whole = field.mean(axis=0)
    return np.stack([field[calendar == m].mean(axis=0) if (calendar == m).any() else whole for m in range(1, 13)])
