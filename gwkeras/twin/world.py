"""The twin world: made from a few numbers, with its fine truth and what a satellite would see of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from gwkeras.core.errors import ConfigError
from gwkeras.core.grid import Grid
from gwkeras.core.months import calendar_month, days_in_month
from gwkeras.twin.climate import Climate, make_climate, surface_pressure
from gwkeras.twin.evaporation import extraterrestrial_radiation, priestley_taylor
from gwkeras.twin.family import FAMILIES
from gwkeras.twin.given_climate import GivenClimate, given_climate, given_terrain
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.kinds import HYDROLOGIES, Hydrology
from gwkeras.twin.landscape import Landscape, make_landscape
from gwkeras.twin.satellite import NOISE_KM, Product, months_observed, observe_storage
from gwkeras.twin.terrain import Terrain, make_terrain

G3P_FILTER_KM = 250.0
"""Half-weight radius of the Gaussian filter of G3P v1.12 (doi 10.5880/g3p.2024.001)."""

_SPIN_UP_YEARS = 15
_LARGEST = 4e8  # cells × months; eight times that is what one field takes in bytes at most


@dataclass(frozen=True)
class TwinConfig:
    """What a twin world is made from.

    Args:
        seed: another seed, another world.
        world: family, one of `gwkeras.twin.family.FAMILIES`; `TwinConfig.of` takes its usual region, too.
        hydrology: water balance, one of `gwkeras.twin.hydrology.kinds.HYDROLOGIES`.
        south: southern edge, degrees north; all edges lie on multiples of the product's step (fine_step × factor).
        north: northern edge, degrees north.
        west: western edge, degrees east.
        east: eastern edge, degrees east.
        fine_step: degrees.
        factor: product cells are factor × factor fine ones.
        first_month: of the product's record, "YYYY-MM".
        last_month: likewise.
        climate_first_month: climate starts here, so that memory of several months exists for the first product month.
        noise_mm: standard deviation of the product's noise, as it is stated.
        noise_times: how strong the noise is, as a multiple of what is stated.
        noise_km: correlation length of the noise; 0: independent from cell to cell.
        gaussian_km: radius (where the weight is one half) of the product's Gaussian filter; 0: none.
        stated_km: the radius that the product's file names; 0: it speaks of no filter; None: the true one.
        sea_share: share of the fine cells that are sea.
    """

    seed: int = 0
    world: str = "basins"
    hydrology: str = "cascade"
    south: float = 15.0
    north: float = 35.0
    west: float = 70.0
    east: float = 94.0
    fine_step: float = 0.125
    factor: int = 4
    first_month: str = "2002-04"
    last_month: str = "2023-09"
    climate_first_month: str = "1999-01"
    noise_mm: float = 3.0
    noise_times: float = 1.0
    noise_km: float = NOISE_KM
    gaussian_km: float = G3P_FILTER_KM
    stated_km: float | None = None
    sea_share: float = 0.12

    @classmethod
    def of(cls, world: str, given: GivenClimate | None = None, **changes: Any) -> TwinConfig:
        """The settings of a family in its usual region, or of a given climate in the whole of its own.

        Args:
            world: name of the family.
            given: its months and region are taken.
            changes: fields that differ.
        Raises: ConfigError: an unknown family, or settings that cannot be. GridMismatch: a region off the product's grid.
        """
        family = FAMILIES[_known("world", world, FAMILIES)]
        usual: dict[str, Any] = {n: getattr(family, n) for n in ("south", "north", "west", "east", "sea_share")}
        if given is not None:
            step = changes.get("fine_step", cls.fine_step) * changes.get("factor", cls.factor)
            usual |= dict(zip(("south", "north", "west", "east"), given.box(step), strict=True))
            usual |= given.usual_months(np.datetime64(cls.first_month, "M"), np.datetime64(cls.last_month, "M"))
        return cls(**{"world": world, **usual, **changes})

    def __post_init__(self) -> None:
        _known("world", self.world, FAMILIES)
        _known("hydrology", self.hydrology, HYDROLOGIES)
        months = [_month(name, getattr(self, name)) for name in ("climate_first_month", "first_month", "last_month")]
        for name, wrong, expected in (
            ("first_month", not (months[0] <= months[1] <= months[2]), "climate_first_month ≤ first_month ≤ last_month"),
            ("factor", self.factor < 1, "a whole number from 1"),
            ("fine_step", not 0 < self.fine_step <= 5, "degrees in (0, 5]"),
            ("sea_share", not 0 <= self.sea_share <= 0.9, "a share in [0, 0.9]"),
            ("noise_mm", self.noise_mm < 0, "mm, not negative"),
            ("noise_times", self.noise_times < 0, "a factor, not negative"),
            ("noise_km", not 0 <= self.noise_km <= 5000, "km in [0, 5000]"),
            ("gaussian_km", not 0 <= self.gaussian_km <= 2000, "km in [0, 2000]"),
            ("stated_km", self.stated_km is not None and not 0 <= self.stated_km <= 2000, "km in [0, 2000]"),
            ("south", not -90 <= self.south < self.north <= 90, "-90 ≤ south < north ≤ 90"),
            ("west", not -180 <= self.west < self.east <= 180, "-180 ≤ west < east ≤ 180"),
        ):
            if wrong:
                raise ConfigError(f"twin.{name}", expected=expected, found=repr(getattr(self, name)), remedy="correct it")
        size = self.fine.n_lat * self.fine.n_lon * len(self.climate_months)
        if size > _LARGEST:
            raise ConfigError(
                "twin region",
                expected=f"at most {_LARGEST:.0e} cells × months",
                found=f"{size:.1e}",
                remedy="take a smaller region, a coarser fine_step or a shorter record",
            )

    @property
    def coarse(self) -> Grid:
        """The product's grid."""
        return Grid.covering(self.south, self.north, self.west, self.east, self.fine_step * self.factor)

    @property
    def fine(self) -> Grid:
        """The truth's grid."""
        return self.coarse.refine(self.factor)

    @property
    def climate_months(self) -> np.ndarray:
        """(month,) datetime64[M]."""
        return _months(self.climate_first_month, self.last_month)

    @property
    def months(self) -> np.ndarray:
        """(month,) datetime64[M] of the truth; the product lacks some of them."""
        return _months(self.first_month, self.last_month)


@dataclass(frozen=True)
class World:
    """A world and its truth.

    Args:
        terrain: fields on `config.fine`, (n_lat, n_lon).
        landscape: likewise.
        climate: the true climate of `config.climate_months`.
        soil_wetness: filling of the soil store, 0 … 1, of the same months, float32.
        truth: groundwater storage anomaly, mm, of `config.months`, float32, NaN at sea.
        product: what the satellite sees of it, on `config.coarse`.
        given: the real climate that drives it; None: it has one of its own.
    """

    config: TwinConfig
    terrain: Terrain
    landscape: Landscape
    climate: Climate
    soil_wetness: np.ndarray
    truth: np.ndarray
    product: Product
    given: GivenClimate | None = None

    def observed_as(self, **changes: Any) -> World:
        """The same water seen by another satellite.

        Args:
            changes: fields of `TwinConfig` that say how it is observed: noise_mm, noise_times, noise_km, gaussian_km, stated_km.
        """
        config = replace(self.config, **changes)
        return replace(self, config=config, product=_observe(config, self.truth, self.terrain))


def make_world(config: TwinConfig, given: GivenClimate | None = None) -> World:
    """The world of this configuration; the same configuration always gives the same world.

    Args:
        config: what it is made from.
        given: a real climate to drive it with.
    Raises: GridMismatch, MissingMonths: where that climate does not cover the region or the record.
    """
    grid, family, hydrology = config.fine, FAMILIES[config.world], HYDROLOGIES[config.hydrology]
    if given is None:
        terrain = make_terrain(grid, config.seed, config.sea_share, family.relief)
    else:
        given.require(grid, config.climate_months, config.months)
        terrain = given_terrain(grid, given, config.seed, family.relief)
    landscape = make_landscape(grid, terrain, config.seed, family.ground)
    if given is None:
        climate = make_climate(grid, terrain, config.climate_months, config.seed, family.weather)
    else:
        climate = given_climate(grid, given, terrain, config.climate_months, config.seed)
    stores = _spin_up(grid, terrain, landscape, climate, hydrology)
    wetness = np.empty(climate.precipitation.shape, dtype=np.float32)
    storage = np.empty((len(config.months), *grid.shape), dtype=np.float32)
    skipped = len(config.climate_months) - len(config.months)
    weather = forcings(grid, terrain, climate)
    for i, (after, _) in enumerate(hydrology.simulate(grid, terrain.land, landscape, stores, weather)):
        wetness[i] = hydrology.wetness(after, landscape)
        if i >= skipped:
            storage[i - skipped] = after.groundwater
    storage -= storage[months_observed(config.months)].mean(axis=0, dtype=np.float64).astype(np.float32)
    storage[:, ~terrain.land] = np.nan
    return World(config, terrain, landscape, climate, wetness, storage, _observe(config, storage, terrain), given)


def _observe(config: TwinConfig, truth: np.ndarray, terrain: Terrain) -> Product:
    observed = months_observed(config.months)
    return observe_storage(
        config.fine,
        config.factor,
        config.months[observed],
        truth[observed],
        terrain.land,
        noise_mm=config.noise_mm,
        gaussian_km=config.gaussian_km,
        seed=config.seed,
        noise_times=config.noise_times,
        noise_km=config.noise_km,
    )


def forcings(grid: Grid, terrain: Terrain, climate: Climate) -> Iterator[Forcing]:
    """Weather and demand of each month of a climate; no rain and no evaporation at sea."""
    pressure = surface_pressure(terrain.elevation)
    years = (climate.months - np.datetime64("2013-01", "M")).astype(int) / 12
    demand = 2 / (1 + np.exp(-years / 6.0))  # wells spread: a logistic growth through the record
    for i, month in enumerate(climate.months):
        yield _forcing(grid, terrain, month, climate.precipitation[i], climate.temperature[i], pressure, float(demand[i]))


def _forcing(
    grid: Grid,
    terrain: Terrain,
    month: np.datetime64,
    precipitation: np.ndarray,
    temperature: np.ndarray,
    pressure: np.ndarray,
    demand: float,
) -> Forcing:
    stamp = np.array([month])
    radiation = extraterrestrial_radiation(grid.lat[:, None], 30.4 * (int(calendar_month(stamp)[0]) - 0.5))
    potential = priestley_taylor(temperature.astype(np.float64), radiation, precipitation.astype(np.float64), pressure)
    land = terrain.land
    return Forcing(precipitation * land, potential * int(days_in_month(stamp)[0]) * land, temperature, demand)


def _spin_up(grid: Grid, terrain: Terrain, landscape: Landscape, climate: Climate, hydrology: Hydrology) -> Any:
    """Stores in balance with the mean climate and the pumping of the first month."""
    calendar = calendar_month(climate.months)
    pressure = surface_pressure(terrain.elevation)
    first = next(forcings(grid, terrain, climate))
    year = []
    for month in range(1, 13):
        chosen = calendar == month if (calendar == month).any() else np.ones(len(calendar), dtype=bool)
        stamp = np.datetime64(f"2001-{month:02d}", "M")
        year.append(
            _forcing(
                grid,
                terrain,
                stamp,
                climate.precipitation[chosen].mean(axis=0),
                climate.temperature[chosen].mean(axis=0),
                pressure,
                first.demand,
            )
        )
    start = int(calendar[0]) - 1
    year = year[start:] + year[:start]
    stores = hydrology.empty(landscape)
    for after, _ in hydrology.simulate(grid, terrain.land, landscape, stores, year * _SPIN_UP_YEARS):
        stores = after
    return stores


def _known(name: str, value: str, names: dict[str, Any]) -> str:
    if value not in names:
        near = (get_close_matches(value, names, 1) or list(names))[0]
        remedy = f"name one of them, such as {near}"
        raise ConfigError(f"twin.{name}", expected="one of " + ", ".join(names), found=repr(value), remedy=remedy)
    return value


def _month(name: str, text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "M")
    except ValueError:
        raise ConfigError(f"twin.{name}", expected="a month such as 2002-04", found=repr(text), remedy="correct it") from None


def _months(first: str, last: str) -> np.ndarray:
    return np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
