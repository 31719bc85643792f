"""The model's parameters: bounded functions of maps, and a smooth regional field on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_DAYS = 30.44  # in a month


@dataclass(frozen=True)
class Parameter:
    """One parameter of the storage model.

    Args:
        name: as in `equations.py`.
        low: the least it can be.
        high: the most.
        typical: where learning starts, and where it is held back to.
        ratio: whether it varies by ratios (a time constant) or by differences.
        local: whether maps may change it; else it is one number.
        regional: whether it may depart from what maps say, smoothly in space.
    """

    name: str
    low: float
    high: float
    typical: float
    ratio: bool = False
    local: bool = True
    regional: bool = False

    @property
    def start(self) -> float:
        """The value before the logistic function at which the parameter is typical."""
        low, high, typical = np.log((self.low, self.high, self.typical)) if self.ratio else (self.low, self.high, self.typical)
        share = (typical - low) / (high - low)
        return float(np.log(share / (1 - share)))

    def bounded(self, xp: Any, raw: Any) -> Any:
        """Any number to one between `low` and `high`."""
        share = 1.0 / (1.0 + xp.exp(-raw))
        if self.ratio:
            return self.low * xp.exp(share * float(np.log(self.high / self.low)))
        return self.low + (self.high - self.low) * share


PARAMETERS = (
    Parameter("melt", 1.0 * _DAYS, 6.0 * _DAYS, 3.0 * _DAYS, ratio=True),  # mm K⁻¹ month⁻¹, of degree days
    Parameter("capacity", 40.0, 600.0, 180.0, ratio=True),  # mm, HBV's FC
    Parameter("shape", 1.0, 6.0, 2.0, ratio=True),  # HBV's β
    Parameter("evaporation", 0.6, 1.4, 1.0),  # on potential evapotranspiration
    Parameter("recharge", 0.05, 0.95, 0.5, regional=True),  # share of what the soil drains that goes down
    Parameter("delay", 0.2, 24.0, 1.5, ratio=True),  # months, of each of two stores
    Parameter("residence", 2.0, 240.0, 15.0, ratio=True, regional=True),  # months, of the groundwater
    Parameter("pumping", 0.005, 1.0, 0.1, ratio=True, regional=True),  # share of what crops lack, on the irrigated share
    Parameter("growth", -1.0, 1.0, 0.0, local=False),  # of pumping, per decade
    Parameter("counted", 0.0, 1.0, 0.5, local=False),  # share of the delay stores that the product calls groundwater
    Parameter("capture", 0.0, 1.0, 0.3, local=False),  # of what wells have drawn below the rivers, as a share of 1 / residence
)
"""Ranges as in HBV's textbooks (Lindström et al. 1997, doi 10.1016/S0022-1694(97)00041-3), wide for time constants."""

LOCAL = tuple(number for number, parameter in enumerate(PARAMETERS) if parameter.local)
"""Those that maps may change."""

REGIONAL = tuple(number for number, parameter in enumerate(PARAMETERS) if parameter.regional)
"""Those that have a smooth regional field: what geology and wells do, which are on no map."""


@dataclass(frozen=True)
class Weights:
    """What is learned; every number acts before the logistic function.

    Args:
        typical: (parameter,).
        maps: (local parameter, map) per standard deviation of the map.
        region: (regional parameter, J) of the bumps.
    """

    typical: np.ndarray
    maps: np.ndarray
    region: np.ndarray

    @classmethod
    def textbook(cls, maps: int, bumps: int) -> Weights:
        """Typical parameters everywhere."""
        start = np.array([parameter.start for parameter in PARAMETERS])
        return cls(start, np.zeros((len(LOCAL), maps)), np.zeros((len(REGIONAL), bumps)))

    @property
    def flat(self) -> np.ndarray:
        """(weight,) all of them, in the order of the arguments."""
        return np.concatenate([self.typical, self.maps.ravel(), self.region.ravel()])

    def put(self, flat: np.ndarray) -> Weights:
        """Weights of the same shape; inverse of `flat`."""
        typical, maps, region = np.split(flat, np.cumsum([self.typical.size, self.maps.size]))
        return Weights(typical, maps.reshape(self.maps.shape), region.reshape(self.region.shape))

    def raw(self, maps: np.ndarray, bumps: np.ndarray) -> np.ndarray:
        """(parameter, cell) float32, before the logistic function.

        Args:
            maps: (map, cell) standardised.
            bumps: (J, cell).
        """
        found = np.repeat(self.typical.astype(np.float32)[:, None], maps.shape[1], axis=1)
        found[list(LOCAL)] += self.maps.astype(np.float32) @ maps
        found[list(REGIONAL)] += self.region.astype(np.float32) @ bumps
        return found


def bounded(xp: Any, raw: Any, irrigated: Any) -> Mapping[str, Any]:
    """Parameter -> (..., cell), within its bounds.

    Args:
        xp: numpy or keras.ops.
        raw: (..., parameter, cell) before the logistic function.
        irrigated: (cell,) share of the land that is irrigated; ones where no map tells.
    """
    found = {p.name: p.bounded(xp, raw[..., number, :]) for number, p in enumerate(PARAMETERS)}
    found["pumping"] = found["pumping"] * irrigated
    return found
