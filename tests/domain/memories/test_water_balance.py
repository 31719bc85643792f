"""Snow and soil: what falls is stored, drained or evaporated, and cold months keep their snow."""

import numpy as np
import pytest

from gwkeras.domain.memories.water_balance import WaterBalance


def stores(snow=0.0, soil=40.0, capacities=(80.0, 200.0)):
    return WaterBalance(capacities, np.array([snow]), np.full((len(capacities), 1), soil))


def test_in_deep_frost_all_precipitation_waits_as_snow():
    balance = stores(soil=0.0)
    water, drained = balance.advance(np.array([50.0]), np.array([253.15]), np.array([0.0]))
    # At −20 °C the logistic with scale 1.5 K leaves 50 / (1 + exp(20/1.5)) = 8e-5 mm of rain.
    assert balance.snow == pytest.approx([50.0], abs=1e-4)
    assert water == pytest.approx([0.0], abs=1e-4)
    assert drained == pytest.approx(0.0, abs=1e-4)


def test_melt_goes_by_degree_days_until_the_snow_is_gone():
    balance = stores(snow=500.0, soil=0.0)
    water, _ = balance.advance(np.array([0.0]), np.array([274.15]), np.array([0.0]))
    assert water == pytest.approx([180.0])  # 90 mm per K and month × (1 + 1) K
    for _ in range(3):
        balance.advance(np.array([0.0]), np.array([274.15]), np.array([0.0]))
    assert balance.snow == pytest.approx([0.0], abs=1e-9)


def test_no_water_is_lost_without_evaporation():
    rng = np.random.default_rng(0)
    balance = stores(snow=30.0, soil=60.0)
    before, fell, ran = 30.0 + 60.0, 0.0, np.zeros((2, 1))
    for _ in range(36):
        rain = rng.uniform(0, 200, 1)
        _, drained = balance.advance(rain, rng.uniform(260, 300, 1), np.zeros(1))
        fell, ran = fell + rain, ran + drained
    assert balance.snow + balance.soil + ran == pytest.approx(np.repeat(before + fell, 2)[:, None], rel=1e-9)


def test_evaporation_takes_no_more_than_could_evaporate_and_no_store_is_overdrawn():
    rng = np.random.default_rng(1)
    balance = stores()
    before, fell, ran, could = 40.0, 0.0, np.zeros((2, 1)), 0.0
    for _ in range(60):
        rain, potential = rng.uniform(0, 150, 1), rng.uniform(0, 200, 1)
        _, drained = balance.advance(rain, np.array([295.0]), potential)
        fell, ran, could = fell + rain, ran + drained, could + potential
        assert (balance.soil >= 0).all()
        assert (balance.soil <= np.array([[80.0], [200.0]])).all()
    evaporated = before + fell - ran - balance.soil - balance.snow
    assert (evaporated >= 0).all()
    assert (evaporated <= could + 1e-9).all()


def test_full_soil_in_a_wet_month_passes_the_water_on():
    balance = stores(soil=80.0, capacities=(80.0,))
    _, drained = balance.advance(np.array([120.0]), np.array([300.0]), np.array([0.0]))
    assert drained == pytest.approx(120.0)
