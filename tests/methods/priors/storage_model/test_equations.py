"""One month of the storage model against months worked by hand, and water that is neither made nor lost."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.priors.storage_model.equations import advance, first_stores, in_balance, storage

PARAMETERS = {
    "melt": 90.0,
    "capacity": 200.0,
    "shape": 2.0,
    "evaporation": 1.0,
    "recharge": 1.0,
    "delay": 1 / np.log(2),  # half of each store leaves in a month
    "residence": 1 / np.log(2),
    "pumping": 0.0,
    "growth": 0.0,
    "counted": 1.0,
    "capture": 0.0,
}


def month(stores, precipitation=0.0, temperature=293.15, potential=0.0, decades=0.0, **changed):
    parameters = {name: np.array([value]) for name, value in (PARAMETERS | changed).items()}
    before = tuple(np.array([float(value)]) for value in stores)
    after, inflow = advance(np, before, (precipitation, temperature, potential, decades), parameters)
    return [float(value[0]) for value in after], float(inflow[0])


def test_water_drains_by_the_square_of_the_filling():
    # (100 + 100 / 2) / 200 = 3/4 full: 9/16 of 100 mm go through; half of that leaves each store below.
    (snow, soil, upper, lower, groundwater), inflow = month((0, 100, 0, 0, 0), precipitation=100.0)
    assert snow == pytest.approx(0.0, abs=1e-3)
    assert soil == pytest.approx(100 + 100 - 56.25, abs=1e-2)
    assert upper == pytest.approx(28.125, abs=1e-2)
    assert lower == pytest.approx(14.0625, abs=1e-2)
    assert inflow == pytest.approx(14.0625, abs=1e-2)
    assert groundwater == pytest.approx(14.0625 / 2, abs=1e-2)


def test_snow_waits_for_warmth():
    (snow, *_), _ = month((40, 0, 0, 0, 0), precipitation=60.0, temperature=253.15)
    assert snow == pytest.approx(100.0, abs=1e-3)
    (snow, *_), _ = month((400, 0, 0, 0, 0), temperature=275.15)  # 2 K above freezing, and 1 for the warmer days
    assert snow == pytest.approx(400 - 3 * 90.0, abs=1e-3)


def test_plants_take_what_they_want_from_wet_soil_and_less_from_dry():
    # Of a soil at 0.7 of its capacity all that is wanted; at half of that, half. A little drains of nothing: there is no water.
    assert month((0, 140, 0, 0, 0), potential=50.0)[0][1] == pytest.approx(90.0)
    assert month((0, 70, 0, 0, 0), potential=50.0)[0][1] == pytest.approx(45.0)


def test_wells_draw_what_crops_lack_and_below_the_rivers_level_only_they_do_where_nothing_is_captured():
    # 25 of 50 mm are lacking; a tenth of the land is watered, twice as much after a decade.
    (*_, groundwater), inflow = month((0, 70, 0, 0, 0), potential=50.0, decades=1.0, pumping=0.1, growth=np.log(2))
    assert inflow == pytest.approx(-0.2 * 25.0)
    assert groundwater == pytest.approx(-5.0)


def test_what_wells_have_drawn_is_made_up_for_at_the_captured_share_of_the_residence():
    # Half of what stands above the rivers leaves in a month; of what is lacking below them 0.4 of that half comes back.
    (*_, groundwater), _ = month((0, 0, 0, 0, -100), capture=0.4)
    assert groundwater == pytest.approx(-100 + 0.4 * 50.0)
    (*_, groundwater), _ = month((0, 0, 0, 0, 100), capture=0.4)
    assert groundwater == pytest.approx(50.0)


def test_steady_pumping_falls_to_a_level_and_not_for_ever():
    # x = (x − 25) (1 − 0.4 / 2): the store loses 25 a month less what it draws in, and stays at −100.
    parameters = {name: np.array([value]) for name, value in (PARAMETERS | {"capture": 0.4, "pumping": 0.5}).items()}
    stores = tuple(np.zeros(1) for _ in range(5))
    for _ in range(80):
        stores, _ = advance(np, stores, (0.0, 293.15, 50.0, 0.0), parameters)
    assert stores[4] == pytest.approx(-100.0, rel=1e-4)


def test_water_is_neither_made_nor_lost():
    rng = np.random.default_rng(0)
    parameters = {name: np.array([value]) for name, value in PARAMETERS.items()}
    stores = first_stores(np, parameters)
    for _ in range(60):
        rain, warmth, potential = rng.gamma(2, 40), 268 + 15 * rng.random(), 80 * rng.random()
        before = stores
        stores, inflow = advance(np, before, (rain, warmth, potential, 0.0), parameters)
        out = before[4] + inflow - stores[4]  # to the rivers
        taken = sum(before) + rain - sum(stores) - out
        assert out >= -1e-9
        assert -1e-6 <= taken[0] <= potential + 1e-6


def test_a_steady_inflow_keeps_the_groundwater_where_it_starts():
    parameters = {name: np.array([value]) for name, value in (PARAMETERS | {"residence": 30.0}).items()}
    stores = in_balance(np, tuple(np.zeros(1) for _ in range(5)), np.array([12.0]), parameters)
    raised = stores[4] + 12.0
    assert stores[4] == pytest.approx(raised * np.exp(-1 / 30.0))
    assert storage(stores, parameters) == pytest.approx(stores[4])
