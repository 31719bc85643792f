import pickle

import numpy as np
import pytest

from gwkeras.core.errors import GridMismatch
from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.observation.great_circles import great_circles

LAND, EVERYTHING = PointSpread.gaussian(250), PointSpread.gaussian(250, "everything")


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape)


def ragged(grid: Grid) -> np.ndarray:
    """Land fractions with a coast, lakes, shares and a block without land."""
    rng = np.random.default_rng(5)
    land = np.where(rng.random(grid.shape) < 0.3, 0.0, rng.random(grid.shape))
    land[:, : grid.n_lon // 3] = 0.0
    return land


def dense(h: Observation) -> np.ndarray:
    """(cells, fine cells) H by the formula of its docstring, with great circles between all pairs."""
    radius = h.point_spread.half_weight_km / EARTH_RADIUS_KM
    kernel = np.exp(-np.log(2) * (np.sin(great_circles(h.fine) / 2) / np.sin(radius / 2)) ** 2)
    mass = (h.fine.area * h.land).ravel()
    counted = mass if h.point_spread.over == "land" else np.array(h.fine.area).ravel()
    spread = kernel * mass / (kernel @ counted)[:, None]
    rows, columns = np.indices(h.fine.shape) // h.factor
    member = (rows * h.coarse.n_lon + columns).ravel() == np.arange(h.coarse.n_lat * h.coarse.n_lon)[:, None]
    with np.errstate(invalid="ignore"):
        return (member * mass / (member @ mass)[:, None]) @ spread


PLACES = {
    "region": Grid(30, 70, 0.5, 0.5, 20, 24),
    "globe": Grid(-90, -180, 7.5, 7.5, 24, 48),
    "pole": Grid(84, 0, 1, 20, 6, 18),
}


@pytest.mark.parametrize("over", ["land", "everything"])
@pytest.mark.parametrize("name", PLACES)
def test_equals_the_matrix_of_great_circles(name, over):
    grid = PLACES[name]
    h = Observation(grid, 2, ragged(grid), PointSpread.gaussian(900 if name == "globe" else 250, over))
    matrix = dense(h)
    field = 100 * normal(3, *grid.shape)
    expected = (matrix @ field.reshape(3, -1).T).T.reshape(3, *h.coarse.shape)
    np.testing.assert_allclose(h(field), expected, rtol=0, atol=1e-9)
    assert np.isnan(expected).any()
    cells = np.array([[0, h.coarse.n_lon - 1], [1, h.coarse.n_lon // 2]])
    found = h.rows(cells).reshape(2, -1)
    np.testing.assert_allclose(found, matrix[cells[:, 0] * h.coarse.n_lon + cells[:, 1]], rtol=0, atol=1e-12)


def test_a_circle_of_many_columns_equals_the_matrix_of_great_circles():
    """Where columns tell all wavenumbers apart, sums over cosines are Fourier transforms."""
    grid = Grid(-7.5, -180, 2.5, 2.5, 6, 144)
    h = Observation(grid, 2, ragged(grid), PointSpread.gaussian(900))
    assert h._convolution._is_whole_circle
    field = 100 * normal(3, *grid.shape)
    expected = (dense(h) @ field.reshape(3, -1).T).T.reshape(3, *h.coarse.shape)
    np.testing.assert_allclose(h(field), expected, rtol=0, atol=1e-9)


def test_fields_that_are_asked_again_are_not_filtered_again(monkeypatch):
    grid = PLACES["region"]
    monkeypatch.setattr("gwkeras.observation.operator._ANSWERS_BYTES", 0)  # as of the globe
    h = Observation(grid, 2, ragged(grid), LAND)
    filtered, fields = [], [100 * normal(*grid.shape) + shift for shift in range(5)]
    monkeypatch.setattr(
        Observation, "_means", lambda self, stack, means=Observation._means: (filtered.append(1), means(self, stack))[1]
    )
    first = h(fields[0])
    for field in fields[1:4]:  # what kriging asks between a prior and its error bars
        h(field)
    np.testing.assert_array_equal(h(fields[0]), first)
    np.testing.assert_array_equal(h(np.where(ragged(grid) > 0, fields[0], np.nan)), first)  # what stands at sea is no matter
    assert len(filtered) == 4
    h(fields[4])
    h(fields[0])  # forgotten by now
    assert len(filtered) == 6


@pytest.mark.parametrize("spread", [PointSpread(), LAND, EVERYTHING], ids=["none", "land", "everything"])
@pytest.mark.parametrize("name", PLACES)
def test_adjoint(name, spread):
    grid = PLACES[name]
    if name == "globe" and spread.kind != "none":
        spread = PointSpread.gaussian(600, spread.over)
    h = Observation(grid, 2, ragged(grid), spread)
    x, y = normal(4, *grid.shape), normal(4, *h.coarse.shape)
    y[:, 0, 0] = np.nan
    left, right = np.nansum(y * h(x), axis=(1, 2)), (x * h.adjoint(y)).sum(axis=(1, 2))
    np.testing.assert_allclose(left, right, rtol=0, atol=1e-10)


def test_without_a_point_spread_it_is_the_block_mean_to_the_last_bit():
    grid = Grid(30, 70, 0.125, 0.125, 16, 24)
    land, field = ragged(grid), normal(3, *grid.shape).astype(np.float32)
    field[:, land == 0] = np.nan
    field[1, 5, 20] = np.nan
    np.testing.assert_array_equal(Observation(grid, 4, land)(field), grid.block_mean(field, 4, land))


@pytest.mark.parametrize("name", PLACES)
def test_constants_over_land_stay_constant(name):
    grid = PLACES[name]
    h = Observation(grid, 2, ragged(grid), PointSpread.gaussian(600))
    sums, land = h(np.ones(h.fine.shape)), grid.block_mean(h.land, 2) > 0
    np.testing.assert_allclose(sums[land], 1.0, rtol=0, atol=1e-12)
    assert np.isnan(sums[~land]).all()
    np.testing.assert_allclose(h.rows(np.argwhere(land)).sum(axis=(1, 2)), 1.0, rtol=0, atol=1e-12)


def test_over_everything_a_straight_coast_halves_the_signal():
    """A global grid, land on one side of a meridian: at the coast half of what the kernel sees is water."""
    grid = Grid(-90, -180, 2, 2, 90, 180)
    land = np.zeros(grid.shape)
    land[:, 90:] = 1.0
    sums = Observation(grid, 1, land, PointSpread.gaussian(700, "everything"))(np.ones(grid.shape))
    equator = sums[45, 90:]
    # by symmetry the two columns at the coast share the whole: the last of land and the first of water sum to one
    mirrored = Observation(grid, 1, land[:, ::-1], PointSpread.gaussian(700, "everything"))(np.ones(grid.shape))[45, 89]
    assert equator[0] == pytest.approx(mirrored, abs=1e-12)
    assert 0.5 < equator[0] < 0.6
    assert np.all(np.diff(equator[:45]) > -1e-12)
    assert equator[45] == pytest.approx(1.0, abs=1e-9)


def test_coast_by_hand():
    """Four cells on the equator, the weight 1/2 at one cell's distance and 2^(−2 (1 + cos 1°)) at two; the fourth is sea."""
    grid = Grid(-0.5, 10, 1, 1, 1, 4)
    land, field = np.array([[1.0, 1.0, 1.0, 0.0]]), np.array([[4.0, 8.0, 16.0, np.nan]])
    radius = np.deg2rad(1.0) * EARTH_RADIUS_KM
    two = 2.0 ** (-2 * (1 + np.cos(np.deg2rad(1.0))))
    summed = np.array([4 + 8 / 2 + 16 * two, 4 / 2 + 8 + 16 / 2, 4 * two + 8 / 2 + 16])
    over_land = np.array([1 + 1 / 2 + two, 2.0, two + 1 / 2 + 1])
    sea = np.array([2.0 ** (-(1 - np.cos(np.deg2rad(3.0))) / (1 - np.cos(np.deg2rad(1.0)))), two, 1 / 2])
    found = Observation(grid, 1, land, PointSpread.gaussian(radius))(field)[0]
    np.testing.assert_allclose(found[:3], summed / over_land, rtol=1e-11)
    assert np.isnan(found[3])
    found = Observation(grid, 1, land, PointSpread.gaussian(radius, "everything"))(field)[0]
    np.testing.assert_allclose(found[:3], summed / (over_land + sea), rtol=1e-11)


def test_a_point_shows_half_as_much_at_the_radius():
    grid = Grid(-10.25, -10.25, 0.5, 0.5, 41, 41)
    point = np.zeros(grid.shape)
    point[20, 20] = 1.0
    shown = Observation(grid, 1, np.ones(grid.shape), PointSpread.gaussian(np.deg2rad(2.0) * EARTH_RADIUS_KM, "everything"))(
        point
    )
    # away from the region's edges the normalising sums are equal, but for what is cut there
    assert shown[24, 20] / shown[20, 20] == pytest.approx(0.5, rel=2e-3)
    assert shown[20, 16] / shown[20, 20] == pytest.approx(0.5, rel=2e-3)


def test_water_that_is_not_known_is_left_out():
    grid = Grid(30, 70, 0.5, 0.5, 12, 12)
    land, field = np.ones(grid.shape), normal(2, *grid.shape)
    gone = normal(*grid.shape) < -0.8
    with_gaps = np.where(gone, np.nan, field)
    expected = Observation(grid, 2, np.where(gone, 0.0, land), LAND)(field)
    np.testing.assert_allclose(Observation(grid, 2, land, LAND)(with_gaps), expected, atol=1e-12)
    mixed = Observation(grid, 2, land, LAND)(np.stack([with_gaps[0], field[1]]))
    np.testing.assert_allclose(mixed[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(mixed[1], Observation(grid, 2, land, LAND)(field[1]), atol=1e-12)


def test_many_fields_in_parts_equal_one_by_one(monkeypatch):
    from gwkeras.observation import operator

    grid = PLACES["region"]
    h, field = Observation(grid, 2, ragged(grid), LAND), normal(2, 3, *grid.shape)
    whole = h(field)
    assert whole.shape == (2, 3, *h.coarse.shape)
    monkeypatch.setattr(operator, "_FIELD_BYTES", 1)
    np.testing.assert_allclose(h(field), whole, atol=1e-12)


def test_travels_without_what_it_has_computed():
    grid = PLACES["region"]
    h = Observation(grid, 2, ragged(grid), LAND)
    fresh, field = len(pickle.dumps(h)), normal(*grid.shape)
    seen = h(field)
    assert len(pickle.dumps(h)) == fresh
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(h))(field), seen)


def test_land_on_another_grid_is_refused():
    with pytest.raises(GridMismatch, match="in whole blocks of 4"):
        Observation(Grid(0, 0, 0.5, 0.5, 8, 8), 4, np.ones((4, 8)))
    with pytest.raises(GridMismatch, match="in whole blocks of 3"):
        Observation(Grid(0, 0, 0.5, 0.5, 8, 8), 3, np.ones((8, 8)))


def test_a_large_field_that_is_asked_for_again_is_filtered_once(monkeypatch):
    fine, calls = Grid(0.0, 0.0, 0.25, 0.25, 16, 16), []
    observation = Observation(fine, 4, np.ones(fine.shape), PointSpread.gaussian(100.0))
    fields = np.random.default_rng(0).normal(size=(2, *fine.shape))
    expected = observation(fields)
    means = Observation._means
    monkeypatch.setattr(Observation, "_means", lambda self, stack: calls.append(1) or means(self, stack))
    first = observation(fields[0])
    first[:] = 0.0  # a caller's own
    np.testing.assert_array_equal(observation(fields[0]), expected[0])
    assert len(calls) == 1
    np.testing.assert_array_equal(observation(fields[1]), expected[1])
    assert len(calls) == 2
