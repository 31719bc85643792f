"""Families of worlds: each has the country that it is named for, and the first has not changed."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.errors import ConfigError
from gwkeras.core.months import calendar_month
from gwkeras.twin.family import FAMILIES
from gwkeras.twin.hydrology.cascade import empty_stores
from gwkeras.twin.hydrology.kinds import HYDROLOGIES
from gwkeras.twin.world import TwinConfig, forcings, make_world

COARSE = {
    "fine_step": 0.5,
    "factor": 2,
    "first_month": "2002-04",
    "last_month": "2005-03",
    "climate_first_month": "2001-01",
    "gaussian_km": 0.0,
}


@pytest.fixture(scope="module")
def worlds():
    return {name: make_world(TwinConfig.of(name, seed=7, **COARSE)) for name in FAMILIES}


def annual_rain(world):
    return 12 * world.climate.precipitation.mean(axis=0)[world.terrain.land]


def rain_of(world, *months):
    chosen = np.isin(calendar_month(world.climate.months), months)
    return world.climate.precipitation[chosen][:, world.terrain.land].mean()


def test_old_seeds_give_the_numbers_of_before_there_were_families():
    """Drawn with the version of 2026-11-20, before families, other hydrologies and options of the noise."""
    small = {"seed": 7, "south": 20, "north": 26, "west": 80, "east": 88, "fine_step": 0.25, "factor": 2, "sea_share": 0.15}
    record = {"climate_first_month": "2001-01", "first_month": "2002-04", "last_month": "2004-03"}
    world = make_world(TwinConfig(**small, **record, gaussian_km=0.0))
    assert np.nanstd(world.truth) == pytest.approx(25.765736, rel=1e-5)
    assert world.truth[-1, 3, 4:8] == pytest.approx([3.91242981, 2.60191345, 2.87332153, 0.93545532], abs=1e-3)
    assert world.product.storage[-1, 5, :4] == pytest.approx([-1.03248858, 1.64604926, 2.78215408, 6.04044724], abs=1e-3)
    filtered = world.observed_as(gaussian_km=250.0)
    assert filtered.product.storage[-1, 5, :4] == pytest.approx([-3.11527991, -1.32985556, -0.65536213, -1.88354731], abs=1e-3)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("hydrology", HYDROLOGIES)
def test_storage_varies_as_real_storage_does(name, hydrology):
    """Real storage in cells of 0.5° has a standard deviation of some 10 to 150 mm; DESIGN's filtered record 67 mm."""
    world = make_world(TwinConfig.of(name, seed=7, hydrology=hydrology, **COARSE))
    land = world.terrain.land
    assert np.array_equal(np.isfinite(world.truth[0]), land)
    assert 5 < np.median(world.truth[:, land].std(axis=0)) < 200
    assert 0 <= world.soil_wetness[:, land].min()
    assert world.soil_wetness[:, land].max() <= 1


def test_the_arid_plain_is_dry_and_flat(worlds):
    world = worlds["arid-plain"]
    assert np.median(annual_rain(world)) < 450
    assert np.ptp(world.terrain.elevation) < 1200
    assert world.landscape.irrigated_share.max() > 0.3


def test_the_monsoon_falls_in_summer_on_high_mountains(worlds):
    world = worlds["monsoon-mountains"]
    assert rain_of(world, 6, 7, 8) > 3 * rain_of(world, 12, 1, 2)
    assert world.terrain.elevation.max() > 2500


def test_the_boreal_winter_is_frozen_and_nobody_irrigates(worlds):
    world = worlds["boreal"]
    january = world.climate.temperature[calendar_month(world.climate.months) == 1][:, world.terrain.land]
    july = world.climate.temperature[calendar_month(world.climate.months) == 7][:, world.terrain.land]
    assert january.mean() < 263 < 280 < july.mean()
    assert world.landscape.irrigated_share.mean() < 0.01


def test_the_irrigated_basin_is_rained_on_in_winter_and_pumped_in_summer(worlds):
    world = worlds["irrigated-basin"]
    assert rain_of(world, 12, 1, 2) > 2 * rain_of(world, 6, 7, 8)
    middle, rim = world.terrain.elevation[12:20, 16:24].mean(), world.terrain.elevation[[0, -1]].mean()
    assert rim > middle + 500
    ground, grid = world.landscape, world.config.fine
    weather = forcings(grid, world.terrain, world.climate)
    run = HYDROLOGIES["cascade"].simulate(grid, world.terrain.land, ground, empty_stores(ground), weather)
    oases = ground.pumped_share > np.quantile(ground.pumped_share, 0.9)
    pumping = np.array([flux.pumping[oases].mean() for _, flux in run])
    calendar = calendar_month(world.climate.months)
    assert pumping[calendar == 7].mean() > 5  # mm a month
    assert pumping[calendar == 7].mean() > 10 * pumping[calendar == 1].mean()


def test_islands_lie_in_the_sea(worlds):
    world = worlds["island-coast"]
    assert np.mean(~world.terrain.land) == pytest.approx(0.55, abs=0.01)
    assert np.median(annual_rain(world)) > 1200


def test_only_the_observation_changes_where_only_it_is_asked_for():
    world = make_world(TwinConfig.of("island-coast", seed=7, **COARSE))
    loud = world.observed_as(noise_times=3.0)
    again = make_world(TwinConfig.of("island-coast", seed=7, noise_times=3.0, **COARSE))
    assert np.array_equal(loud.product.storage, again.product.storage, equal_nan=True)
    assert loud.truth is world.truth


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"world": "bassins"}, "twin.world.*arid-plain.*'bassins'.*such as basins"),
        ({"hydrology": "vic"}, "twin.hydrology.*cascade, linear, infiltration.*'vic'"),
        ({"noise_km": -1.0}, "twin.noise_km"),
        ({"noise_times": -1.0}, "twin.noise_times"),
        ({"stated_km": 3000.0}, "twin.stated_km"),
        ({"gaussian_km": 1e5}, "twin.gaussian_km"),
    ],
)
def test_what_is_not_known_is_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        TwinConfig.of(change.pop("world", "basins"), **change)
    with pytest.raises(ConfigError, match=r"twin\.world"):
        TwinConfig(world="nowhere")
