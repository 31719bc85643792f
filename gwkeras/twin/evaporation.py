"""Potential evapotranspiration of the twin: Priestley–Taylor, deliberately none of the formulae that readers use."""

from __future__ import annotations

import numpy as np

_ALBEDO = 0.2
_PRIESTLEY_TAYLOR = 1.26
_PSYCHROMETRIC = 0.665e-3  # kPa K-1 per kPa
_LATENT_HEAT = 2.45  # MJ kg-1
_STEFAN_BOLTZMANN = 4.903e-9  # MJ K-4 m-2 day-1


def extraterrestrial_radiation(latitude: np.ndarray, day_of_year: float) -> np.ndarray:
    """Daily radiation on top of the atmosphere, MJ m⁻² day⁻¹ (FAO-56 eq. 21), at `latitude`, degrees."""
    phi = np.deg2rad(latitude)
    angle = 2 * np.pi * day_of_year / 365
    distance, declination = 1 + 0.033 * np.cos(angle), 0.409 * np.sin(angle - 1.39)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1))
    daily = sunset * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    return 24 * 60 / np.pi * 0.0820 * distance * daily


def priestley_taylor(temperature: np.ndarray, radiation: np.ndarray, wetness: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Potential evapotranspiration, mm day⁻¹ (Priestley & Taylor 1972, doi 10.1175/1520-0493(1972)100<0081:OTAOSH>2.3.CO;2).

    Args:
        temperature: K.
        radiation: extraterrestrial, MJ m⁻² day⁻¹.
        wetness: precipitation, mm month⁻¹; stands for cloud and vapour.
        pressure: Pa.
    """
    celsius = temperature - 273.15
    cloud = wetness / (wetness + 120.0)
    solar = (0.70 - 0.35 * cloud) * radiation
    saturation = 0.6108 * np.exp(17.27 * celsius / (celsius + 237.3))  # kPa, FAO-56 eq. 11
    slope = 4098 * saturation / (celsius + 237.3) ** 2
    vapour = saturation * (0.45 + 0.4 * cloud)
    longwave = _STEFAN_BOLTZMANN * temperature**4 * (0.34 - 0.14 * np.sqrt(vapour)) * (1 - 0.75 * cloud)
    net = np.maximum((1 - _ALBEDO) * solar - longwave, 0.0)
    return _PRIESTLEY_TAYLOR * slope / (slope + _PSYCHROMETRIC * pressure / 1000) * net / _LATENT_HEAT
