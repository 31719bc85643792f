"""What the training split says about the scales of each quantity: the constants inside a model and its losses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from gwkeras.core.errors import ConfigError


@dataclass(frozen=True)
class Statistics:
    """Means and standard deviations over the cells with data of the *training* samples.

    Args:
        climate_mean: one per climate channel, in that channel's canonical unit.
        climate_std: the same, standard deviation.
        climate_min: the smallest of each in training; empty where unknown (in shards built before it was kept).
        climate_max: the largest, likewise.
        gwsa_mean: of the coarse anomaly, mm.
        gwsa_std: the same, standard deviation.
        net_water_input_std: of P − ET, mm month⁻¹.
        storage_change_std: of gwsa(t) − gwsa(t−1), mm month⁻¹.
        covariate_mean: one per fine covariate, in its own unit.
        covariate_std: the same, standard deviation.
        covariate_deviation_std: of a covariate's detail, x − I H x; see `gwkeras.layers.detail`.
        residual_std: of target − (bicubic + conservation), mm.
    Raises: ConfigError: where lists that belong together differ in length, or a standard deviation is not positive.
    """

    climate_mean: tuple[float, ...] = ()
    climate_std: tuple[float, ...] = ()
    gwsa_mean: float = 0.0
    gwsa_std: float = 1.0
    net_water_input_std: float = 1.0
    storage_change_std: float = 1.0
    covariate_mean: tuple[float, ...] = ()
    covariate_std: tuple[float, ...] = ()
    covariate_deviation_std: tuple[float, ...] = ()
    residual_std: float = 1.0
    climate_min: tuple[float, ...] = ()
    climate_max: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        ranges = ("climate_min", "climate_max") if self.climate_min or self.climate_max else ()
        for names in (("climate_mean", "climate_std", *ranges), ("covariate_mean", "covariate_std", "covariate_deviation_std")):
            lengths = {name: len(getattr(self, name)) for name in names}
            if len(set(lengths.values())) > 1:
                raise ConfigError(
                    "statistics", expected=f"{', '.join(names)} of one length", found=str(lengths), remedy="rebuild the shards"
                )
        for field in dataclasses.fields(self):
            values = getattr(self, field.name)
            values = values if isinstance(values, tuple) else (values,)
            low = 0.0 if field.name.endswith("_std") else float("-inf")
            if not all(low < value < float("inf") for value in values):
                raise ConfigError(
                    f"statistics.{field.name}",
                    expected="finite values, standard deviations above zero",
                    found=str(values),
                    remedy="leave out channels that never vary, or rebuild the shards",
                )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and floats, for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Statistics:
        """Inverse of `to_dict`. Raises: ConfigError: on keys that are missing or unknown."""
        names = {field.name for field in dataclasses.fields(cls)}
        if not names - {"climate_min", "climate_max"} <= set(values) <= names:
            raise ConfigError(
                "statistics", expected=f"the keys {sorted(names)}", found=str(sorted(values)), remedy="rebuild the shards"
            )
        plain: dict[str, Any] = {
            key: tuple(map(float, value)) if isinstance(value, (list, tuple)) else float(value) for key, value in values.items()
        }
        return cls(**plain)
