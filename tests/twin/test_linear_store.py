import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.twin.climate import make_climate
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.kinds import HYDROLOGIES
from gwkeras.twin.hydrology.linear_store import Stores, empty_stores
from gwkeras.twin.landscape import make_landscape
from gwkeras.twin.terrain import make_terrain
from gwkeras.twin.world import forcings
from tests.twin.test_cascade import one_cell

CELL = Grid(0, 0, 1, 1, 1, 1)
LAND = np.ones((1, 1), dtype=bool)


def months(landscape, stores, precipitation, potential, count, temperature=300.0, demand=1.0):
    each = Forcing(np.full((1, 1), precipitation), np.full((1, 1), potential), np.full((1, 1), temperature), demand)
    return list(HYDROLOGIES["linear"].simulate(CELL, LAND, landscape, stores, [each] * count))


def test_where_rain_equals_demand_a_root_of_two_evaporates():
    """Turc and Pike at W = PET = 100: ET = 100 / √2; of what is left, three tenths of the recharge share go down."""
    ((_, flux),) = months(one_cell(recharge_share=0.5), empty_stores(one_cell()), 100.0, 100.0, 1)
    assert flux.evapotranspiration[0, 0] == pytest.approx(100 / np.sqrt(2), rel=1e-12)
    assert flux.recharge[0, 0] == pytest.approx(0.3 * 0.5 * (100 - 100 / np.sqrt(2)), rel=1e-12)


def test_storage_rises_as_a_linear_store_does():
    """S(t) = q k (1 − exp(−t / k)) under constant recharge q."""
    states = months(one_cell(residence=7.0), empty_stores(one_cell()), 150.0, 60.0, 24)
    q = states[0][1].recharge[0, 0]
    expected = q * 7.0 * (1 - np.exp(-np.arange(1, 25) / 7.0))
    assert [stores.groundwater[0, 0] for stores, _ in states] == pytest.approx(expected, rel=1e-12)


def test_it_is_linear_below_zero_too():
    """Pumped down to −q k, as far below as the same inflow would raise it."""
    nothing = np.zeros((1, 1))
    down = months(one_cell(pumped_share=1.0, residence=9.0), Stores(nothing, nothing, nothing), 0.0, 120.0, 400)
    pumped = down[-1][1].pumping[0, 0]
    assert pumped > 0
    assert down[-1][0].groundwater[0, 0] == pytest.approx(-pumped * 9.0, rel=1e-9)
    assert down[-1][1].baseflow[0, 0] == pytest.approx(-pumped, rel=1e-9)


def test_water_closes_every_month_with_snow():
    grid = Grid.covering(50, 54, 0, 6, 0.5)
    terrain = make_terrain(grid, 6, 0.1)
    landscape = make_landscape(grid, terrain, 6)
    climate = make_climate(grid, terrain, np.arange("2010-01", "2013-01", dtype="datetime64[M]"), 6)
    before, snowed = empty_stores(landscape), 0.0
    weather = list(forcings(grid, terrain, climate))
    for forcing, (after, flux) in zip(
        weather, HYDROLOGIES["linear"].simulate(grid, terrain.land, landscape, before, weather), strict=True
    ):
        moved = flux.evapotranspiration + flux.runoff + flux.pumping + flux.baseflow
        change = after.snow + after.groundwater - before.snow - before.groundwater
        assert np.abs(forcing.precipitation - moved - change).max() < 1e-6
        assert after.snow.min() >= 0
        snowed, before = max(snowed, after.snow.max()), after
    assert snowed > 10
