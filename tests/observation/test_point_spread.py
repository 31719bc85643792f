import numpy as np
import pytest
from scipy.special import ive

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.observation.convolution import Convolution
from gwkeras.observation.point_spread import PointSpread
from gwkeras.observation.zonal_coefficients import orders_needed, zonal_coefficients
from tests.observation.great_circles import great_circles


@pytest.mark.parametrize("radius", [20.0, 250.0, 2000.0])
def test_half_of_the_weight_is_at_the_radius(radius):
    assert PointSpread.gaussian(radius).weight(np.array([0.0, radius])) == pytest.approx([1.0, 0.5], abs=1e-14)


def test_weight_at_twice_the_radius():
    """1 − cos 2θ = 2 (1 − cos θ)(1 + cos θ), so the weight there is 2^(−2 (1 + cos θ)), θ = 250 km / 6371 km."""
    theta = 250.0 / 6371.0
    assert PointSpread.gaussian(250.0).weight(500.0) == pytest.approx(2.0 ** (-2 * (1 + np.cos(theta))), rel=1e-12)


@pytest.mark.parametrize("radius", [0.0, -250.0, 2001.0, float("nan")])
def test_impossible_radii_are_refused(radius):
    with pytest.raises(BadInput, match="above 0 and at most 2000 km"):
        PointSpread.gaussian(radius)


def test_phrases():
    assert PointSpread().describe() == "none"
    assert PointSpread.gaussian(250).describe() == "Gaussian, half weight at 250 km, over land"
    assert (
        PointSpread.gaussian(300, "everything").describe() == "Gaussian, half weight at 300 km, over everything, the sea as zero"
    )


@pytest.mark.parametrize("every", [1, 4])
def test_coefficients_are_bessel_functions(every):
    """exp(z (cos θ − 1)) = e^(−z) (I₀(z) + 2 Σ Iₖ(z) cos kθ); scipy's Iₖ, across z from 0 (the pole) to b (the equator)."""
    sharpness, lat = 900.0, np.deg2rad([-90.0, -60.0, 0.0, 0.5, 89.9])
    count = orders_needed(sharpness) // every + 2
    found = zonal_coefficients(sharpness, lat, lat, every, count)
    z = sharpness * np.outer(np.cos(lat), np.cos(lat))
    across = np.exp(-sharpness * (1 - np.cos(lat[:, None] - lat[None])))
    order = every * np.arange(count)
    expected = every * np.where(order > 0, 2.0, 1.0)[:, None, None] * ive(order[:, None, None], np.abs(z)) * across
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)
    assert expected[-1].max() < 1e-12 * every


GRIDS = {
    "the globe": (Grid(-90, -180, 5, 5, 36, 72), 700),
    "a region": (Grid(20, 100, 0.5, 0.5, 30, 40), 250),
    "a region at the north pole": (Grid(60, 100, 0.5, 0.5, 60, 40), 250),
    "the southern cap": (Grid(-90, 0, 1, 2, 20, 180), 300),
    "points on the pole, as ERA5-Land has": (Grid(-90.5, 0, 1, 10, 11, 36), 200),
    "almost all around": (Grid(10, 0, 2, 2, 10, 170), 300),
    "more rows than a block": (Grid(-40, 0, 0.5, 0.5, 150, 6), 60),
    "the narrowest": (Grid(0, 0, 0.5, 0.5, 20, 20), 28),
    "the widest": (Grid(-60, -40, 10, 10, 9, 8), 2000),
}


@pytest.mark.parametrize("name", GRIDS)
def test_sums_equal_those_over_all_great_circles(name):
    grid, radius = GRIDS[name]
    spread = PointSpread.gaussian(radius)
    values = np.random.default_rng(1).normal(size=(2, *grid.shape))
    kernel = np.exp(-np.log(2) * np.sin(great_circles(grid) / 2) ** 2 / np.sin(radius / EARTH_RADIUS_KM / 2) ** 2)
    expected = (kernel @ values.reshape(2, -1).T).T.reshape(values.shape)
    np.testing.assert_allclose(Convolution(grid, spread)(values), expected, rtol=0, atol=2e-11)


def test_regions_need_fewer_wavenumbers_than_the_globe():
    region, globe = (Convolution(g, PointSpread.gaussian(250)) for g in (Grid(20, 0, 1, 1, 20, 20), Grid(20, 0, 1, 1, 20, 360)))
    assert globe.every == 1
    assert region.every > 4


def test_a_uniform_layer_gives_the_integral_of_the_kernel():
    """∫ W dΩ = 2π (1 − e^(−2b)) / b, times R². The midpoint rule errs by some h²/24 b: 1e-4 for 1° cells."""
    grid, spread = Grid(-90, -180, 1, 1, 180, 360), PointSpread.gaussian(800)
    expected = EARTH_RADIUS_KM**2 * 2 * np.pi * (1 - np.exp(-2 * spread.sharpness)) / spread.sharpness
    found = Convolution(grid, spread)(grid.area)
    np.testing.assert_allclose(found, expected, rtol=np.deg2rad(1) ** 2 / 24 * spread.sharpness)


def test_a_field_across_the_dateline_is_the_shifted_field():
    grid = Grid(-90, -180, 3, 3, 60, 120)
    convolution = Convolution(grid, PointSpread.gaussian(400))
    values = np.random.default_rng(2).normal(size=grid.shape)
    for columns in (1, 60):
        shifted = convolution(np.roll(values, columns, axis=1))
        np.testing.assert_allclose(np.roll(shifted, -columns, axis=1), convolution(values), atol=1e-12)


def test_a_point_at_the_pole_shows_alike_in_all_longitudes():
    grid = Grid(-90.5, 0, 1, 10, 11, 36)
    values = np.zeros(grid.shape)
    values[0, 7] = 1.0  # the centre of the first row is the pole itself
    found = Convolution(grid, PointSpread.gaussian(np.deg2rad(2) * EARTH_RADIUS_KM))(values)
    np.testing.assert_allclose(found - found[:, :1], 0.0, atol=1e-12)
    np.testing.assert_allclose(found[:3, 0], [1.0, 0.5 ** ((1 - np.cos(np.deg2rad(1))) / (1 - np.cos(np.deg2rad(2)))), 0.5])


def test_a_radius_within_a_cell_is_refused():
    with pytest.raises(BadInput, match=r"half a cell of 1° cells"):
        Convolution(Grid(0, 0, 1, 1, 4, 4), PointSpread.gaussian(40))


def test_many_fields_equal_one_by_one(monkeypatch):
    from gwkeras.observation import convolution

    grid, spread = Grid(30, 0, 1, 1, 70, 12), PointSpread.gaussian(300)
    values = np.random.default_rng(3).normal(size=(5, *grid.shape))
    whole = Convolution(grid, spread)(values)
    monkeypatch.setattr(convolution, "_WORKING_BYTES", 1)
    monkeypatch.setattr(convolution, "_KEPT_BYTES", 1)
    np.testing.assert_allclose(Convolution(grid, spread)(values), whole, atol=1e-12)
