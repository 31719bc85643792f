"""The point spread of a product: how far the water of one place shows in the values of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import EARTH_RADIUS_KM

Kind = Literal["none", "gaussian"]
Over = Literal["land", "everything"]

REACH = 2.5  # half-weight radii, where 1/76 of a Gaussian's weight is left: what lies farther from an edge sees nothing beyond it
LARGEST_HALF_WEIGHT_KM = 2000.0  # wider than any filter in use on GRACE, by a factor of two


@dataclass(frozen=True)
class PointSpread:
    """An isotropic filter on the sphere, or none.

    Gaussian: W(ψ) = exp(−b (1 − cos ψ)), b = ln 2 / (1 − cos(r / R)), W = 1 at ψ = 0 and ½ at the distance r.
    Source: Jekeli (1981), Report 327, Ohio State University, eq. 57; as in Wahr et al. (1998), doi 10.1029/98JB02844, eq. 33.

    Args:
        kind: "gaussian" or "none".
        half_weight_km: r, the great-circle distance at which the weight is one half; half of the full width at half maximum.
        over: "land": the mean over land alone, so that a constant over land stays one up to the coast; "everything": the mean
            over all of the surface, the sea counting as zero, so that signals fade towards the coast.
    Raises: BadInput: where the distance is not above 0 and at most 2000 km.

    >>> PointSpread.gaussian(250.0).weight(np.array([0.0, 250.0])).tolist()
    [1.0, 0.5]
    """

    kind: Kind = "none"
    half_weight_km: float = 0.0
    over: Over = "land"

    def __post_init__(self) -> None:
        if self.kind == "gaussian" and not 0.0 < self.half_weight_km <= LARGEST_HALF_WEIGHT_KM:
            raise BadInput(
                "point spread",
                expected=f"a distance of half weight above 0 and at most {LARGEST_HALF_WEIGHT_KM:g} km",
                found=f"{self.half_weight_km:g} km",
                remedy="correct it, or choose kind: none",
            )

    @classmethod
    def gaussian(cls, half_weight_km: float, over: Over = "land") -> PointSpread:
        """Jekeli's filter with one half of the weight at `half_weight_km`."""
        return cls("gaussian", float(half_weight_km), over)

    @property
    def sharpness(self) -> float:
        """b of the formula, 1."""
        return sharpness_of(self.half_weight_km)

    def weight(self, distance_km: np.ndarray) -> np.ndarray:
        """W at great-circle distances, 1 at 0 km; without a filter 0 everywhere else."""
        distance = np.asarray(distance_km, dtype=float)
        if self.kind == "none":
            return (distance == 0).astype(float)
        return np.exp(-2.0 * self.sharpness * np.sin(distance / EARTH_RADIUS_KM / 2.0) ** 2)

    def describe(self) -> str:
        """One phrase for notes, such as "Gaussian, half weight at 250 km, over land"."""
        if self.kind == "none":
            return "none"
        where = "over land" if self.over == "land" else "over everything, the sea as zero"
        return f"Gaussian, half weight at {self.half_weight_km:g} km, {where}"


def sharpness_of(half_weight_km: float) -> float:
    """b of Jekeli's formula, ln 2 / (1 − cos(r / R)), 1; for radii beyond what a product may state, too."""
    return float(np.log(2.0) / (2.0 * np.sin(half_weight_km / EARTH_RADIUS_KM / 2.0) ** 2))
