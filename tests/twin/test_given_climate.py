import numpy as np
import pytest

from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.twin.family import Relief
from gwkeras.twin.given_climate import GivenClimate, given_climate, given_terrain
from gwkeras.twin.terrain import terrain_of
from gwkeras.twin.world import TwinConfig, make_world

OWN = Grid.from_centres(np.arange(10.0, 16.1, 0.25), np.arange(40.0, 47.1, 0.25))
MONTHS = np.arange("2000-01", "2006-01", dtype="datetime64[M]")
CALENDAR = (MONTHS.astype(int) % 12)[:, None, None]


def record(months=MONTHS, grid=OWN, sea=False, **changes):
    """Rain that grows eastward, a season, a plateau of 2,000 m in the north; in the west the sea, where `sea`."""
    shape = (len(months), *grid.shape)
    height = np.where(grid.lat[:, None] > 13, 2000.0, 100.0) * np.ones(grid.shape)
    season = 1 + 0.5 * np.cos(2 * np.pi * np.arange(len(months)) / 12)[:, None, None]
    rain = (60 + 10 * (grid.lon[None, None, :] - 40)) * season * np.ones(shape)
    heat = 300.0 - 0.0062 * height + np.zeros(shape)
    if sea:
        rain[:, :, :8] = heat[:, :, :8] = np.nan
    values = {"elevation": height, **changes}
    return GivenClimate(grid, months, rain.astype(np.float32), heat.astype(np.float32), **values)


def fine(**changes):
    return TwinConfig.of("basins", record(), seed=8, **{"fine_step": 0.25, "factor": 2, "gaussian_km": 0.0, **changes})


def test_the_region_and_the_months_are_the_records_own():
    config = fine()
    assert (config.south, config.north, config.west, config.east) == (10.0, 16.0, 40.0, 47.0)
    assert (config.climate_first_month, config.first_month, config.last_month) == ("2000-01", "2002-04", "2005-12")


def test_months_of_the_fine_truth_have_the_means_that_the_record_has():
    """Over the region and the years, within the errors that a record has of the truth (biases of some 10 %)."""
    config, given = fine(), record()
    world = make_world(config, given)
    assert world.climate.precipitation.mean() == pytest.approx(float(given.precipitation.mean()), rel=0.15)
    assert world.climate.temperature.mean() == pytest.approx(float(given.temperature.mean()), abs=1.5)
    by_month = world.climate.precipitation.mean(axis=(1, 2))
    assert np.corrcoef(by_month, given.precipitation.mean(axis=(1, 2)))[0, 1] > 0.98
    assert np.isfinite(world.truth).all()
    assert world.given is given


def test_temperature_falls_by_the_lapse_rate_within_a_cell_of_the_record():
    """A fine peak 1,000 m above its surroundings is 6.2 K colder, whatever else differs between neighbours."""
    grid = Grid.covering(10, 16, 40, 47, 0.125)
    flat = np.where(grid.lat[:, None] > 13, 2000.0, 100.0) * np.ones(grid.shape)
    peak = flat.copy()
    peak[8, 9] += 1000.0
    land = np.ones(grid.shape, dtype=bool)
    months = MONTHS[:2]
    heights = [given_climate(grid, record(), terrain_of(grid, height, land), months, 8) for height in (flat, peak)]
    colder = heights[1].temperature - heights[0].temperature
    assert colder[:, 8, 9] == pytest.approx([-6.2, -6.2], abs=1e-3)
    assert np.abs(np.delete(colder.reshape(2, -1), 8 * grid.n_lon + 9, axis=1)).max() < 1e-3


def test_terrain_keeps_the_records_heights_and_has_finer_hills():
    grid = Grid.covering(10, 16, 40, 47, 0.125)
    terrain = given_terrain(grid, record(), 8, Relief())
    assert terrain.land.all()
    assert terrain.elevation[4:16].mean() == pytest.approx(100.0, abs=15.0)
    assert terrain.elevation[-16:-4].mean() == pytest.approx(2000.0, abs=30.0)
    assert terrain.elevation[4:16].std() > 5


def test_the_sea_is_where_the_record_has_no_data():
    grid = Grid.covering(10, 16, 40, 47, 0.125)
    terrain = given_terrain(grid, record(sea=True), 8, Relief())
    assert not terrain.land[:, :12].any()  # known from 42°E on
    assert terrain.land[:, 20:].all()


def test_a_cell_that_lacks_a_month_is_no_land_of_the_record():
    given = record()
    given.precipitation[17, :, :10] = np.nan
    world = make_world(fine(), given)
    assert not world.terrain.land[:, :6].any()
    assert np.isfinite(world.truth[:, world.terrain.land]).all()


def test_the_sea_is_where_a_large_piece_lies_at_sea_level():
    grid = Grid.covering(10, 16, 40, 47, 0.125)
    height = np.full(OWN.shape, 100.0)
    height[:, :8] = np.resize([3.0, -4.0, 1.0], (25, 8))  # ripples
    height[12:15, 20:23] = 2.0  # nine low cells: a delta
    terrain = given_terrain(grid, record(elevation=height), 8, Relief())
    assert not terrain.land[:, :12].any()
    assert terrain.land[:, 20:].all()


def test_a_record_without_heights_gets_terrain_of_its_own():
    given = record(elevation=None)
    world = make_world(fine(), given)
    assert world.terrain.elevation.std() > 50
    assert np.isfinite(world.climate.temperature).all()


def test_a_record_with_a_gap_is_refused():
    with pytest.raises(MissingMonths, match="nothing between 2000-10 and 2000-12"):
        record(months=np.delete(MONTHS, 10))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"first_month": "2000-06"}, MissingMonths, r"from 12 months before the product's first \(2000-06\)"),
        ({"first_month": "2004-06"}, MissingMonths, "at least 24 months"),
        ({"climate_first_month": "1999-01"}, MissingMonths, "climate of 1999-01 to 2005-12, found 2000-01 to 2005-12"),
        ({"last_month": "2007-12"}, MissingMonths, "climate of 2000-01 to 2007-12"),
        ({"north": 17.0}, GridMismatch, "inside the climate's 9.875…16.125°N"),
        ({"west": 20.0, "east": 24.0}, GridMismatch, "20…24°E"),
    ],
)
def test_a_record_that_does_not_reach_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        make_world(fine(**change), record())


@pytest.mark.parametrize("months", [MONTHS[:6], np.arange("1980-01", "2001-01", dtype="datetime64[M]"), MONTHS[:50]])
def test_a_record_that_serves_too_few_months_of_the_product_is_refused(months):
    with pytest.raises(MissingMonths, match=f"at least 24 months of it, found {months[0]} to {months[-1]}; give a longer"):
        TwinConfig.of("basins", record(months=months))


def test_a_region_of_nothing_but_sea_is_refused():
    with pytest.raises(BadInput, match="expected land, found none"):
        make_world(fine(), record(elevation=np.zeros(OWN.shape)))
