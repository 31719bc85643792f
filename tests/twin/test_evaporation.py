import numpy as np
import pytest

from gwkeras.twin.evaporation import extraterrestrial_radiation, priestley_taylor


def test_radiation_of_fao56_example_8():
    """FAO-56 example 8: 3 September (day 246) at 20°S gives 32.2 MJ m⁻² day⁻¹."""
    assert extraterrestrial_radiation(np.array(-20.0), 246) == pytest.approx(32.2, abs=0.1)


def test_polar_night_has_no_radiation():
    assert extraterrestrial_radiation(np.array(80.0), 355) == pytest.approx(0.0, abs=1e-9)


def test_evaporation_grows_with_heat_and_shrinks_with_cloud():
    sunny = priestley_taylor(np.array([283.0, 293.0, 303.0]), np.array(38.0), np.array(10.0), np.array(101325.0))
    cloudy = priestley_taylor(np.array([283.0, 293.0, 303.0]), np.array(38.0), np.array(300.0), np.array(101325.0))
    assert (np.diff(sunny) > 0).all()
    assert (cloudy < sunny).all()
    assert 2.0 < sunny[1] < 8.0  # mm per day in a subtropical summer
