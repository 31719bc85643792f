"""A snow pack by degree-days, apart from the one of the cascade."""

from __future__ import annotations

import numpy as np

_ALL_SNOW, _ALL_RAIN = 272.0, 276.5  # K, monthly means
_MELT_RATE = 75.0  # mm K-1 month-1
_MELTS_ABOVE = 272.5  # K, monthly mean: some days thaw


def snow_balance(pack: np.ndarray, precipitation: np.ndarray, temperature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pack at the month's end, mm, and rain with meltwater, mm month⁻¹; all (n_lat, n_lon).

    Args:
        pack: at the month's beginning, mm.
        precipitation: mm month⁻¹.
        temperature: K; the share of snow falls linearly between two temperatures.
    """
    falling = precipitation.astype(np.float64)
    snowfall = falling * np.clip((_ALL_RAIN - temperature) / (_ALL_RAIN - _ALL_SNOW), 0.0, 1.0)
    melt = np.minimum(pack + snowfall, _MELT_RATE * np.maximum(temperature - _MELTS_ABOVE, 0.0))
    return pack + snowfall - melt, falling - snowfall + melt
