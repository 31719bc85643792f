"""Which climate channels and fine covariates a domain holds, settled once for all domains of an experiment."""

from __future__ import annotations

from dataclasses import dataclass

from gwkeras.core.config.tree import Config
from gwkeras.core.errors import BadInput
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.domain.covariates import Covariate, automatic
from gwkeras.domain.regridded_drivers import derived_channels
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.record import Fields


@dataclass(frozen=True)
class Channels:
    """Names of what drives storage.

    Args:
        climate: channels of a sample's climate sequence.
        covariates: fine covariates of a sample.
        water: channels that the physics terms need beside.
    """

    climate: tuple[str, ...]
    covariates: tuple[Covariate, ...]
    water: tuple[str, ...]

    @property
    def coarse(self) -> tuple[str, ...]:
        """What is needed on the coarse grid."""
        return tuple(dict.fromkeys((*self.climate, *self.water)))

    @property
    def fine(self) -> tuple[str, ...]:
        """What is needed on the fine grid."""
        return tuple(dict.fromkeys(c.channel for c in self.covariates if c.kind != "static"))


def channels_of(fields: Fields, config: Config) -> Channels:
    """The channels that the files hold or that can be derived from them, as far as the configuration wants them.

    Raises: BadInput: where it names one that there is not.
    """
    held = tuple(name for name in CLIMATE_UNITS if name in fields.climate)
    channels = (*held, *derived_channels(fields, config.data))
    climate = config.sample.climate or held
    for name in climate:
        if name not in channels:
            raise BadInput(
                "sample.climate",
                expected=f"channels among {', '.join(channels) or 'none'}",
                found=f"'{name}'",
                remedy="correct the name or give the file that holds it",
            )
    static = tuple(fields.static)
    detailed = tuple(n for n in channels if _shows_detail(fields, n))
    wanted = [n for name in config.sample.covariates for n in (automatic(static, detailed) if name == "auto" else (name,))]
    covariates = tuple(Covariate.parse(n, static, channels) for n in dict.fromkeys(wanted))
    return Channels(climate, covariates, tuple(n for n in ("net_water_input", "soil_moisture") if n in channels))


def _shows_detail(fields: Fields, channel: str) -> bool:
    """Whether the channel's file is finer than the product, so that it says something within a product cell."""
    made_of = {"net_water_input": ("precipitation",), "evapotranspiration": ("temperature", "evapotranspiration")}
    sources = made_of.get(channel, (channel,))
    steps = [grid_of(fields.climate[s]).lat_step for s in sources if s in fields.climate]
    return bool(steps) and min(steps) < 0.75 * fields.grid.lat_step
