"""Covariance of fine storage: Gaussians of fixed lengths, tied to one another by a spectral slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import BadInput

LENGTHS_KM = (15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 960.0)
"""Octaves, from one fine cell to a region. `mixture` relies on each length being twice the one before it."""


@dataclass(frozen=True)
class Covariance:
    """C(d) = Σₖ aₖ exp(−d² / 2 lₖ²) with aₖ ∝ lₖ^slope and Σₖ aₖ = variance.

    The amplitudes are tied, never free: nothing of what is shorter than a filter can be seen through it, and free amplitudes
    run away there. In the range of the lengths the variogram grows as d^slope and the spectrum falls as k^−(2 + slope).
    d is the chord through the Earth, which keeps C positive definite on the sphere and differs from the arc by 0.1 % at 1000 km.

    Args:
        variance: C(0), mm².
        slope: larger is smoother; from −1 (nearly all in the shortest lengths) to below 2.
    Raises: BadInput: where the variance is not positive and finite, or the slope is out of range.

    >>> Covariance(100.0, 0.0)(np.array([0.0])).round(6).tolist()
    [100.0]
    """

    variance: float
    slope: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.variance) and self.variance > 0.0 and -1.0 <= self.slope < 2.0):
            raise BadInput(
                "covariance",
                expected="a positive variance and a slope from -1 to below 2",
                found=f"variance {self.variance:g} mm², slope {self.slope:g}",
                remedy="give months whose storage varies, or correct update.slopes",
            )

    @property
    def amplitudes(self) -> np.ndarray:
        """(length,) aₖ, mm²."""
        return self.variance * shares(self.slope)

    def __call__(self, distance_km: np.ndarray, spread_km2: float = 0.0) -> np.ndarray:
        """Covariance at distances, also of blurred fields.

        A Gaussian covariance seen through Gaussian weights stays Gaussian: a l² / t² · exp(−d² / 2t²), t² = l² + spread, in two
        dimensions. The plane is taken for the sphere there.

        Args:
            distance_km: any shape.
            spread_km2: variance along one axis of all the weights between the two ends, km²: p² + b² between a point and an
                observation, twice that between two observations, with p of `point_spread_km` and b² of `cell_spread_km2`.
        Returns: mm², the same shape.
        """
        squared = np.asarray(distance_km, dtype=float) ** 2
        result = np.zeros(squared.shape)
        for amplitude, length in zip(self.amplitudes, LENGTHS_KM, strict=True):
            wide = length**2 + spread_km2
            result += amplitude * length**2 / wide * np.exp(-squared / (2.0 * wide))
        return result


def shares(slope: float) -> np.ndarray:
    """(length,) share of the variance that each length has."""
    grown = (np.array(LENGTHS_KM) / LENGTHS_KM[-1]) ** slope
    return grown / grown.sum()


def point_spread_km(half_weight_km: float) -> float:
    """p of the Gaussian exp(−d² / 2p²) whose weight is one half at `half_weight_km`: r / √(2 ln 2)."""
    return half_weight_km / float(np.sqrt(2.0 * np.log(2.0)))


def cell_spread_km2(side_km: float) -> float:
    """Variance along one axis of a uniform cell, side² / 12."""
    return side_km**2 / 12.0


def mixture(amplitudes: np.ndarray, squared_km2: np.ndarray) -> np.ndarray:
    """Σₖ aₖ exp(−d² / 2 lₖ²) of squared distances; one exponential, the others from it by squaring twice per octave."""
    power = np.exp(squared_km2 * (-0.5 / LENGTHS_KM[-1] ** 2))
    result = amplitudes[-1] * power
    for amplitude in amplitudes[-2::-1]:
        np.square(power, out=power)
        np.square(power, out=power)
        result += amplitude * power
    return result
