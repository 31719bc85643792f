import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from gwkeras.core.grid import Grid
from gwkeras.twin.climate import make_climate
from gwkeras.twin.hydrology.forcing import Forcing
from gwkeras.twin.hydrology.kinds import HYDROLOGIES
from gwkeras.twin.hydrology.variable_infiltration import (
    baseflow_recession,
    empty_stores,
    filling,
    surface_runoff,
)
from gwkeras.twin.landscape import make_landscape
from gwkeras.twin.terrain import make_terrain
from gwkeras.twin.world import forcings
from tests.twin.test_cascade import one_cell


@pytest.mark.parametrize("water", [10.0, 60.0, 400.0])
@pytest.mark.parametrize("level", [0.0, 30.0, 110.0])
def test_runoff_is_what_falls_on_saturated_ground(water, level):
    """The integral of the saturated share F(i) = 1 − (1 − i/iₘ)^b from the level i₀ to i₀ + water."""
    capacity, b = 100.0, 0.4
    largest = capacity * (1 + b)

    def saturated(i):
        return 1 - (1 - min(i / largest, 1.0)) ** b

    soil = quad(lambda i: 1 - saturated(i), 0, level)[0]  # what the ground holds where it is filled up to the level
    expected = quad(saturated, level, level + water, points=[largest] if level < largest < level + water else None)[0]
    assert float(surface_runoff(np.array(soil), np.array(water), np.array(capacity), b)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("storage", [-150.0, 0.0, 90.0])
@pytest.mark.parametrize("inflow", [-20.0, 0.0, 35.0])
def test_recession_is_the_solution_of_its_equation(storage, inflow):
    scale = 60.0
    solved = solve_ivp(lambda _, s: inflow - 12.0 * np.exp(s / scale), (0, 1), [storage], rtol=1e-10, atol=1e-10)
    found = baseflow_recession(np.array([storage]), np.array([inflow]), np.array([scale]))
    assert found[0] == pytest.approx(solved.y[0, -1], abs=1e-6)


def test_in_balance_storage_is_the_logarithm_of_recharge():
    """S = scale × ln(recharge / 12), scale 9 mm for each month of residence."""
    landscape = one_cell(recharge_share=0.8, residence=8.0)
    month = Forcing(np.full((1, 1), 90.0), np.full((1, 1), 40.0), np.full((1, 1), 300.0), 1.0)
    *_, (stores, flux) = HYDROLOGIES["infiltration"].simulate(
        Grid(0, 0, 1, 1, 1, 1), np.ones((1, 1), dtype=bool), landscape, empty_stores(landscape), [month] * 600
    )
    assert flux.baseflow[0, 0] == pytest.approx(flux.recharge[0, 0], rel=1e-6)
    assert stores.groundwater[0, 0] == pytest.approx(72.0 * np.log(flux.recharge[0, 0] / 12.0), rel=1e-6)


def test_water_closes_every_month():
    grid = Grid.covering(50, 54, 0, 6, 0.5)
    terrain = make_terrain(grid, 6, 0.1)
    landscape = make_landscape(grid, terrain, 6)
    climate = make_climate(grid, terrain, np.arange("2010-01", "2013-01", dtype="datetime64[M]"), 6)
    before = empty_stores(landscape)
    weather = list(forcings(grid, terrain, climate))
    for forcing, (after, flux) in zip(
        weather, HYDROLOGIES["infiltration"].simulate(grid, terrain.land, landscape, before, weather), strict=True
    ):
        lost = flux.surface_runoff + flux.evapotranspiration + flux.interflow + flux.pumping + flux.baseflow
        held = after.snow + after.soil + after.groundwater - before.snow - before.soil - before.groundwater
        assert np.abs(forcing.precipitation - lost - held).max() < 1e-6
        assert flux.baseflow.min() > 0
        wet = filling(after, landscape)
        assert 0 <= wet.min() <= wet.max() <= 1
        before = after
