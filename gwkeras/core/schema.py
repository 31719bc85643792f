"""The sample: the one contract between shards, model inputs, export signature and documentation (see docs/sample.md).

Axis letters: T months of climate memory, H × W coarse cells, s refinement factor, D climate channels, K fine covariates.
Arrays are float32, channels-last, rows from south to north.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SCHEMA_VERSION = 1

CLIMATE_UNITS = {
    "precipitation": "mm month-1",
    "evapotranspiration": "mm month-1",
    "soil_moisture": "m3 m-3",
    "temperature": "K",
    "surface_pressure": "Pa",
    "snow_water_equivalent": "mm",
    "runoff": "mm month-1",
    "snowmelt": "mm month-1",
}
"""Every climate channel that gwkeras knows, with its canonical unit, in the order in which channels are stacked."""

Role = Literal["input", "target", "place"]


@dataclass(frozen=True)
class SampleShape:
    """What a configuration fixes about its samples.

    Args:
        months: T, length of the climate sequence; the last step is the month of the sample.
        height: H, coarse cells.
        width: W, coarse cells.
        factor: s.
        climate: names of the D climate channels.
        covariates: names of the K fine covariates; may be empty.
        target_sigma: whether the target comes with a standard error.
    """

    months: int
    height: int
    width: int
    factor: int
    climate: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    target_sigma: bool = False

    @property
    def axes(self) -> dict[str, int]:
        return {
            "T": self.months,
            "H": self.height,
            "W": self.width,
            "sH": self.height * self.factor,
            "sW": self.width * self.factor,
            "D": len(self.climate),
            "K": len(self.covariates),
            "1": 1,
        }


@dataclass(frozen=True)
class Feature:
    """One array of a sample. `axes` are names resolved by `SampleShape.axes`; () is a scalar."""

    name: str
    axes: tuple[str, ...]
    unit: str
    role: Role
    meaning: str
    present: Literal["always", "covariates", "target_sigma"] = "always"

    def shape(self, sample: SampleShape) -> tuple[int, ...]:
        return tuple(sample.axes[axis] for axis in self.axes)


_COARSE, _FINE = ("H", "W", "1"), ("sH", "sW", "1")

FEATURES: tuple[Feature, ...] = (
    Feature("climate", ("T", "H", "W", "D"), "per channel", "input", "climate of months t-T+1 … t; 0 in cells without data"),
    Feature("gwsa", _COARSE, "mm", "input", "groundwater storage anomaly of month t; 0 where `land` is 0"),
    Feature("gwsa_previous", _COARSE, "mm", "input", "the same at t-1; 0 where absent"),
    Feature("has_previous", (), "1", "input", "1 where the record holds month t-1, else 0"),
    Feature("net_water_input", _COARSE, "mm month-1", "input", "P - ET of month t; 0 where unknown"),
    Feature(
        "infiltration_efficiency",
        _COARSE,
        "1",
        "input",
        "alpha = 0.1 + 0.4 theta; 0 where P - ET or the cell's storage of month t-1, if there is such a month, is unknown: "
        "this takes the cell out of the storage-change terms",
    ),
    Feature("land", _COARSE, "1", "input", "area fraction of the cell that is land with data; 0 outside the region"),
    Feature("land_fine", _FINE, "1", "input", "the same on the fine grid"),
    Feature(
        "covariates_fine", ("sH", "sW", "K"), "per covariate", "input", "fine covariates; 0 where `land_fine` is 0", "covariates"
    ),
    Feature("target", _FINE, "mm", "target", "fine storage anomaly to learn; NaN where it does not count"),
    Feature("target_sigma", _FINE, "mm", "target", "standard error of the target", "target_sigma"),
    Feature("time", (), "months since 2002-01", "input", "month of the sample"),
    Feature("latitude", ("H",), "degrees_north", "input", "centres of the coarse rows"),
    Feature("longitude", ("W",), "degrees_east", "input", "centres of the coarse columns"),
)


def features(sample: SampleShape, *roles: Role) -> tuple[Feature, ...]:
    """The features that samples of this shape hold, in schema order; all roles where none is named."""
    present = {"always": True, "covariates": bool(sample.covariates), "target_sigma": sample.target_sigma}
    return tuple(f for f in FEATURES if present[f.present] and (not roles or f.role in roles))


def known_previous(sample: Mapping[str, Any]) -> Any:
    """The coarse cells whose storage of month t-1 is known, where the record holds that month.

    `gwsa_previous` is 0 both where storage was zero and where it was unknown. Where it was unknown, alpha is 0 too; where
    alpha is 0 for want of P − ET, the value itself tells.

    Args:
        sample: a sample, or a batch of them, as numpy arrays or as tensors of any backend.

    Returns: bool, of the shape of `land`.
    """
    return (sample["land"] > 0) & ((sample["infiltration_efficiency"] > 0) | (sample["gwsa_previous"] != 0))
