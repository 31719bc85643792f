"""Families of worlds: what relief, weather and ground are like in a kind of country; the seed does the rest."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Relief:
    """What terrain is made of.

    Args:
        basin_degrees: size of basins, degrees.
        range_degrees: size of mountain belts, degrees.
        basin_m: height of the swells between basins, m.
        range_m: height of the belts, m.
        hills_m: height of hills on plains, m.
        range_hills_m: how much higher hills are in the belts, m.
        bowl_m: how far the rim of the region stands above its middle, m.
    """

    basin_degrees: float = 6.0
    range_degrees: float = 3.0
    basin_m: float = 420.0
    range_m: float = 2100.0
    hills_m: float = 60.0
    range_hills_m: float = 420.0
    bowl_m: float = 0.0


@dataclass(frozen=True)
class Weather:
    """What sets a family's climate apart from that of its latitude.

    Args:
        wetness: factor of the annual precipitation.
        season_months: by how much the wet season is later than local summer.
        season_depth: added to the depth of the wet season (0.95 in the tropics, less towards the poles).
        variability: factor of the month-to-month spread of the logarithm of precipitation.
        oscillations: factor of the slow oscillations' part in it.
        warmth: K, added.
        continentality: factor of the yearly range of temperature.
    """

    wetness: float = 1.0
    season_months: float = 0.0
    season_depth: float = 0.0
    variability: float = 1.0
    oscillations: float = 1.0
    warmth: float = 0.0
    continentality: float = 1.0


@dataclass(frozen=True)
class Ground:
    """What soils, aquifers and farmers tend to; normal deviates where no unit is named.

    Args:
        soil: towards clay.
        irrigation: towards irrigated land.
        wells: towards irrigation with groundwater.
        recharge: towards percolation to the aquifer.
        delay: logarithm of the typical travel time to the water table, months.
        residence: logarithm of the typical residence time of groundwater, months.
        transmissivity: share of the difference between neighbours that flows across a face of flat land in a month.
    """

    soil: float = 0.0
    irrigation: float = -0.7
    wells: float = 0.3
    recharge: float = 0.0
    delay: float = 1.0
    residence: float = 2.55
    transmissivity: float = 0.01


@dataclass(frozen=True)
class Family:
    """A kind of country.

    Args:
        south: southern edge of its usual region, degrees north.
        north: northern edge, degrees north.
        west: western edge, degrees east.
        east: eastern edge, degrees east.
        sea_share: usual share of the cells that are sea.
        relief: of its terrain.
        weather: of its climate.
        ground: of its landscape.
    """

    south: float
    north: float
    west: float
    east: float
    sea_share: float
    relief: Relief = field(default_factory=Relief)
    weather: Weather = field(default_factory=Weather)
    ground: Ground = field(default_factory=Ground)


FAMILIES: dict[str, Family] = {
    # Basins and ranges of the subtropics between a coast and the interior, some irrigation.
    "basins": Family(15.0, 35.0, 70.0, 94.0, 0.12),
    # Rare storms on a plain, sandy ground, slow aquifers, pumping where a river oasis is.
    "arid-plain": Family(
        18.0,
        34.0,
        0.0,
        20.0,
        0.0,
        Relief(basin_m=160.0, range_m=260.0, hills_m=25.0, range_hills_m=90.0),
        Weather(wetness=0.30, variability=1.7, oscillations=1.6, warmth=2.0),
        Ground(soil=-0.6, irrigation=-1.1, wells=1.0, delay=1.5, residence=3.1),
    ),
    # Ranges of several thousand metres that the summer monsoon runs into.
    "monsoon-mountains": Family(
        18.0,
        34.0,
        90.0,
        110.0,
        0.05,
        Relief(range_degrees=4.0, basin_m=700.0, range_m=3600.0, hills_m=90.0, range_hills_m=650.0),
        Weather(wetness=1.7, season_depth=0.1, variability=0.9),
        Ground(irrigation=-0.9, recharge=0.2, delay=0.7, residence=2.2),
    ),
    # Long winters whose snow melts within a month or two, hardly any farming.
    "boreal": Family(
        52.0,
        66.0,
        80.0,
        112.0,
        0.03,
        Relief(basin_m=200.0, range_m=700.0, hills_m=40.0, range_hills_m=220.0),
        Weather(wetness=0.45, variability=0.8, warmth=-1.0, continentality=1.3),
        Ground(soil=0.2, irrigation=-4.0, delay=0.8, residence=2.8, transmissivity=0.005),
    ),
    # Winter rain on the mountains around a dry basin that farmers pump empty in summer.
    "irrigated-basin": Family(
        30.0,
        46.0,
        60.0,
        80.0,
        0.0,
        Relief(basin_m=220.0, range_m=1500.0, hills_m=35.0, range_hills_m=380.0, bowl_m=1200.0),
        Weather(wetness=0.32, season_months=-5.0, season_depth=0.1, warmth=1.0, continentality=1.2),
        Ground(irrigation=-0.2, wells=0.6, delay=1.3, residence=3.0, transmissivity=0.02),
    ),
    # Islands and capes near the equator: rain all year, short residence, mixed cells along every coast.
    "island-coast": Family(
        -8.0,
        8.0,
        100.0,
        120.0,
        0.55,
        Relief(basin_degrees=3.5, range_degrees=2.0, basin_m=380.0, range_m=1700.0),
        Weather(wetness=0.75, season_depth=-0.45, oscillations=1.5),
        Ground(irrigation=-1.2, delay=0.7, residence=2.2),
    ),
}
"""By name; the first is what `gwkeras demo` shows."""
