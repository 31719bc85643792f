import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gwkeras.core.grid import Grid
from gwkeras.twin.climate import make_climate
from gwkeras.twin.hydrology.cascade import Stores, empty_stores, lateral_flow
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.kinds import HYDROLOGIES
from gwkeras.twin.landscape import Landscape, make_landscape
from gwkeras.twin.terrain import make_terrain
from gwkeras.twin.world import forcings

GRID = Grid.covering(30, 36, -3, 5, 0.25)


def one_cell(**changes):
    values = {
        "soil_index": 0.5,
        "irrigated_share": 0.0,
        "soil_capacity": 100.0,
        "fast_share": 0.0,
        "recharge_share": 1.0,
        "delay": 3.0,
        "residence": 10.0,
        "transmissivity": 0.0,
        "pumped_share": 0.0,
    } | changes
    return Landscape(**{name: np.full((1, 1), value) for name, value in values.items()})


def run_one_cell(landscape, stores, precipitation, potential, months):
    month = Forcing(np.full((1, 1), precipitation), np.full((1, 1), potential), np.full((1, 1), 300.0), 1.0)
    grid = Grid(0, 0, 1, 1, 1, 1)
    return list(HYDROLOGIES["cascade"].simulate(grid, np.ones((1, 1), dtype=bool), landscape, stores, [month] * months))


def test_every_store_closes_every_month():
    """Inflow − outflow − change of each store, and of all together, is rounding: 1e-9 of the water that moved."""
    terrain = make_terrain(GRID, 1, 0.1)
    landscape = make_landscape(GRID, terrain, 1)
    months = np.arange("2010-01", "2013-01", dtype="datetime64[M]")
    climate = make_climate(GRID, terrain, months, 1)
    before = empty_stores(landscape)
    weather = list(forcings(GRID, terrain, climate))
    moved = 0.0
    for forcing, (after, flux) in zip(
        weather, HYDROLOGIES["cascade"].simulate(GRID, terrain.land, landscape, before, weather), strict=True
    ):
        precipitation = forcing.precipitation.astype(np.float64)
        total_before = before.snow + before.soil + before.unsaturated.sum(axis=0) + before.groundwater
        total_after = after.snow + after.soil + after.unsaturated.sum(axis=0) + after.groundwater
        lost = flux.evapotranspiration + flux.crop_evaporation + flux.fast_runoff + flux.interflow + flux.baseflow
        balances = {
            "weather": precipitation - flux.snowfall - flux.rain,
            "snow": flux.snowfall - flux.melt - (after.snow - before.snow),
            "soil": flux.rain
            + flux.melt
            - flux.fast_runoff
            - flux.evapotranspiration
            - flux.interflow
            - flux.recharge
            - (after.soil - before.soil),
            "unsaturated": flux.recharge + flux.return_flow - flux.arrival - (after.unsaturated - before.unsaturated).sum(axis=0),
            "groundwater": flux.arrival + flux.lateral - flux.baseflow - flux.pumping - (after.groundwater - before.groundwater),
            "wells": flux.pumping - flux.crop_evaporation - flux.return_flow,
            "all": precipitation + flux.lateral - lost - (total_after - total_before),
        }
        scale = precipitation + np.abs(total_before) + 1.0
        for name, error in balances.items():
            assert np.max(np.abs(error) / scale) < 1e-9, name
        assert abs((flux.lateral * GRID.area).sum()) <= 1e-9 * (np.abs(flux.lateral) * GRID.area).sum()
        for store in (after.snow, after.soil, after.unsaturated):
            assert (store >= 0).all()
        assert (after.soil <= landscape.soil_capacity * (1 + 1e-12)).all()
        moved += float(flux.arrival.sum() + flux.pumping.sum())
        before = after
    assert moved > 0


def test_groundwater_falls_as_a_linear_reservoir():
    nothing = np.zeros((1, 1))
    stores = Stores(nothing, nothing, np.zeros((3, 1, 1)), np.full((1, 1), 200.0))
    states = run_one_cell(one_cell(residence=8.0), stores, 0.0, 0.0, 16)
    assert states[-1][0].groundwater[0, 0] == pytest.approx(200 * np.exp(-2), rel=1e-12)


@pytest.mark.parametrize("delay", [2.0, 6.0, 12.0])
def test_recharge_arrives_after_its_delay(delay):
    """A cascade of three reservoirs emptied by a share e each month holds a drop (1 − e)/e months in each: 3 (1 − e)/e in all."""
    nothing = np.zeros((1, 1))
    start = np.zeros((3, 1, 1))
    start[0] = 100.0
    states = run_one_cell(one_cell(delay=delay), Stores(nothing, nothing, start, nothing), 0.0, 0.0, 400)
    arrivals = np.array([flux.arrival[0, 0] for _, flux in states])
    assert arrivals.sum() == pytest.approx(100.0, rel=1e-9)
    emptied = 1 - np.exp(-3 / delay)
    # The pulse lies already in the first reservoir, so month 0 is its first month of waiting.
    assert (arrivals * np.arange(400)).sum() / 100 == pytest.approx(3 * (1 - emptied) / emptied, rel=1e-6)


def test_steady_state_of_a_wet_cell():
    """Where nothing changes any more, what arrives leaves, and the storage after baseflow is inflow × e^(−1/k)/(1 − e^(−1/k))."""
    stores, flux = run_one_cell(one_cell(residence=5.0), empty_stores(one_cell()), 70.0, 40.0, 600)[-1]
    assert flux.baseflow[0, 0] == pytest.approx(flux.recharge[0, 0], rel=1e-9)
    decay = np.exp(-1 / 5)
    assert stores.groundwater[0, 0] == pytest.approx(flux.arrival[0, 0] * decay / (1 - decay), rel=1e-9)


def test_pumping_lowers_groundwater_until_wells_run_dry():
    states = run_one_cell(one_cell(pumped_share=1.0), empty_stores(one_cell()), 0.0, 200.0, 2000)
    levels = np.array([stores.groundwater[0, 0] for stores, _ in states])
    assert levels.min() > -500.1
    assert levels[-1] < -300
    assert states[-1][1].pumping[0, 0] < states[5][1].pumping[0, 0]


def test_lateral_flow_of_two_cells_by_hand():
    """Two equal cells at the equator, 10 mm apart, a tenth crosses: 1 mm up in the lower, 1 mm down in the higher."""
    grid = Grid(0, 0, 1, 1, 1, 2)
    flow = lateral_flow(grid, np.ones((1, 2), dtype=bool), np.array([[0.0, 10.0]]), np.full((1, 2), 0.1))
    assert flow == pytest.approx(np.array([[1.0, -1.0]]))
    assert not lateral_flow(grid, np.array([[True, False]]), np.array([[0.0, 10.0]]), np.full((1, 2), 0.1)).any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), south=st.sampled_from([-60.0, -2.0, 50.0]))
def test_lateral_flow_keeps_volume(seed, south):
    grid = Grid.covering(south, south + 4, 0, 5, 1.0)
    rng = np.random.default_rng(seed)
    flow = lateral_flow(grid, rng.random(grid.shape) > 0.3, rng.normal(0, 50, grid.shape), rng.random(grid.shape) * 0.1)
    assert abs((flow * grid.area).sum()) <= 1e-9 * (np.abs(flow) * grid.area).sum() + 1e-9
