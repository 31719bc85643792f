"""Fine covariates by name: static fields, and climate channels averaged over the months before.

`elevation` is a static field; `precipitation_mean_6` is the mean of the last six months, this month included;
`precipitation_anomaly_24` is the same less the mean over the whole climate record, which is what a storage *anomaly* answers to;
`precipitation_memory_24` is what a linear store with a time constant of 24 months has kept of it, less the same mean (see
`gwkeras.domain.memories.exponential`); `precipitation` alone is the month's value. `Drivers.covariate` computes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gwkeras.core.errors import ConfigError
from gwkeras.core.schema import CLIMATE_UNITS

_DYNAMIC = re.compile(r"^(?P<channel>[a-z_]+?)(?:_(?P<kind>mean|anomaly|memory)_(?P<months>[1-9][0-9]*))?$")
_MEMORY = {
    "net_water_input": (1, 3, 6, 12, 24, 48),
    "precipitation": (1, 3, 6, 12, 24, 48),
    "temperature": (1, 6, 12),
    "soil_moisture": (1, 6),
}


@dataclass(frozen=True)
class Covariate:
    """One fine covariate. `months` is 0 for a static field, and the time constant of a memory."""

    name: str
    channel: str
    kind: Literal["static", "mean", "anomaly", "memory"]
    months: int = 0

    @classmethod
    def parse(cls, name: str, static: tuple[str, ...], channels: tuple[str, ...]) -> Covariate:
        """The covariate of that name, given the static fields and climate channels at hand.

        Raises: ConfigError: where there is no such field or channel.
        """
        if name in static:
            return cls(name, name, "static")
        match = _DYNAMIC.match(name)
        if match and match["channel"] in channels:
            return cls(name, match["channel"], match["kind"] or "mean", int(match["months"] or 1))  # type: ignore[arg-type]
        raise ConfigError(
            "sample.covariates",
            expected=f"static fields ({', '.join(static) or 'none'}) or climate channels "
            f"({', '.join(channels) or 'none'}) with or without _mean_<months>, _anomaly_<months> or _memory_<months>",
            found=f"'{name}'",
            remedy="correct the name or give the file that holds it",
        )


def automatic(static: tuple[str, ...], channels: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the covariates that are used where the configuration says `auto`."""
    dynamic = [f"{channel}_anomaly_{n}" for channel, memory in _MEMORY.items() if channel in channels for n in memory]
    return (*static, *dynamic)


def unit_of(covariate: Covariate, static_units: dict[str, str]) -> str:
    """Unit of the covariate, for manifests and reports."""
    if covariate.kind == "static":
        return static_units.get(covariate.channel, "1")
    return CLIMATE_UNITS.get(covariate.channel, "mm month-1")
