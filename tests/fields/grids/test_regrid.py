"""Regridding against brute-force overlaps, conservation of integrals, and hand-worked cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.errors import GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.fields.grids.regrid import Regridder, SmoothRegridder


def brute_force(source: Grid, target: Grid, values: np.ndarray, minimum_valid_share: float) -> np.ndarray:
    """Every pair of cells, one after the other, with the area of a latitude–longitude box on the unit sphere."""
    result = np.full(target.shape, np.nan)
    for i in range(target.n_lat):
        for j in range(target.n_lon):
            south, north = target.lat_edges[i : i + 2]
            west, east = target.lon_edges[j : j + 2]
            whole = (np.sin(np.radians(north)) - np.sin(np.radians(south))) * (east - west)
            area = total = 0.0
            for k in range(source.n_lat):
                low, high = max(south, source.lat_edges[k]), min(north, source.lat_edges[k + 1])
                if high <= low:
                    continue
                height = np.sin(np.radians(high)) - np.sin(np.radians(low))
                for m in range(source.n_lon):
                    for turn in (-720, -360, 0, 360, 720):
                        width = min(east, source.lon_edges[m + 1] + turn) - max(west, source.lon_edges[m] + turn)
                        if width > 0 and np.isfinite(values[k, m]):
                            area += height * width
                            total += height * width * values[k, m]
            if whole > 0 and area / whole >= max(minimum_valid_share - 1e-6, 1e-6):
                result[i, j] = total / area
    return result


@st.composite
def grids(draw):
    lat_step = draw(st.integers(4, 60)) / 4
    lon_step = draw(st.integers(4, 60)) / 4
    n_lat = draw(st.integers(1, max(1, min(7, int(180 / lat_step)))))
    n_lon = draw(st.integers(1, max(1, min(7, int(360 / lon_step)))))
    south = draw(st.integers(-360, int(4 * (90 - n_lat * lat_step)))) / 4
    west = draw(st.integers(-720, 1440)) / 4
    return Grid(south, west, lat_step, lon_step, n_lat, n_lon)


@given(grids(), grids(), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]))
def test_equals_brute_force_overlaps(source, target, seed, share):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=source.shape)
    values[rng.random(source.shape) < 0.3] = np.nan
    expected = brute_force(source, target, values, share)
    try:
        found = Regridder(source, target)(values, share)
    except GridMismatch:
        assert np.isnan(brute_force(source, target, np.ones(source.shape), 0.0)).all()
        return
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@given(
    st.sampled_from([1.0, 1.5, 2.5, 4.0, 7.5, 12.0]),
    st.sampled_from([1.0, 2.0, 3.0, 5.0, 9.0]),
    st.integers(-180, 180),
    st.integers(0, 2**32 - 1),
)
def test_integral_over_the_globe_is_conserved(step, other, west, seed):
    source, target = Grid.covering(-90, 90, west, west + 360, step), Grid.covering(-90, 90, -180, 180, other)
    values = np.random.default_rng(seed).normal(10.0, 3.0, source.shape)
    found = Regridder(source, target)(values)
    assert (found * target.area).sum() == pytest.approx((values * source.area).sum(), rel=1e-6)


def test_era5_land_points_on_the_poles_and_0_to_360_onto_half_degrees():
    source = Grid.from_centres(np.linspace(-90, 90, 1801), np.arange(3600) * 0.1)
    target = Grid.covering(-90, 90, -180, 180, 0.5)
    east = np.broadcast_to(np.sin(np.radians(source.lon)), source.shape)
    found = Regridder(source, target)(east)
    # the mean of the sine over a cell of 0.5° is sinc(0.25°) times the sine at its centre; as much again is 0.1°'s own smoothing
    np.testing.assert_allclose(found, np.broadcast_to(np.sin(np.radians(target.lon)), target.shape), atol=5e-6)
    north = np.broadcast_to(np.sin(np.radians(source.lat))[:, None], source.shape)
    low, high = np.sin(np.radians(target.lat_edges[:-1])), np.sin(np.radians(target.lat_edges[1:]))
    np.testing.assert_allclose(Regridder(source, target)(north)[:, 0], (low + high) / 2, atol=2e-6)


def test_share_is_of_the_target_cells_area():
    # One target cell over 0…2°N; the northern half of it is a little smaller on the sphere than the southern.
    source, target = Grid.covering(0, 2, 0, 2, 1.0), Grid.covering(0, 2, 0, 2, 2.0)
    north_share = (np.sin(np.radians(2)) - np.sin(np.radians(1))) / np.sin(np.radians(2))
    values = np.array([[np.nan, np.nan], [5.0, 7.0]])
    assert north_share < 0.5
    assert np.isnan(Regridder(source, target)(values, 0.5)).all()
    assert Regridder(source, target)(values, north_share - 1e-4)[0, 0] == pytest.approx(6.0)
    # half of the target outside the source counts as missing, too
    wide = Grid(0, 0, 2.0, 4.0, 1, 1)
    assert Regridder(source, wide)(np.ones((2, 2)), 0.5)[0, 0] == pytest.approx(1.0)
    assert np.isnan(Regridder(source, wide)(np.ones((2, 2)), 0.51)).all()


def test_cells_outside_the_source_are_missing_and_a_disjoint_target_is_refused():
    source = Grid.covering(0, 4, 350, 354, 1.0)
    found = Regridder(source, Grid.covering(0, 4, -12, -4, 1.0))(np.ones(source.shape))
    assert np.isfinite(found).tolist() == [[False, False, True, True, True, True, False, False]] * 4
    with pytest.raises(GridMismatch, match="overlaps"):
        Regridder(source, Grid.covering(0, 4, 20, 30, 1.0))
    with pytest.raises(GridMismatch, match="overlaps"):
        Regridder(source, Grid.covering(4, 8, -12, -4, 1.0))
    with pytest.raises(GridMismatch, match="4 × 4 cells"):
        Regridder(source, source)(np.ones((3, 4)))


def test_refining_repeats_values_and_coarsening_back_returns_them():
    source = Grid.covering(10, 14, 100, 103, 1.0)
    values = np.arange(12.0).reshape(4, 3)
    fine = Regridder(source, source.refine(4))(values)
    np.testing.assert_array_equal(fine, np.kron(values, np.ones((4, 4))))
    np.testing.assert_allclose(Regridder(source.refine(4), source)(fine), values, rtol=1e-12)


def test_stack_equals_its_fields_and_keeps_float32():
    source, target = Grid.covering(0, 30, 0, 40, 1.0), Grid.covering(0, 30, 0, 40, 2.5)
    rng = np.random.default_rng(0)
    stack = rng.normal(size=(3, 2, *source.shape)).astype(np.float32)
    stack[rng.random(stack.shape) < 0.4] = np.nan
    for kind in (Regridder, SmoothRegridder):
        regridder = kind(source, target)
        found = regridder(stack)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[2, 1], regridder(stack[2, 1]))


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_smooth_refinement_reproduces_planes_inside_and_replicates_at_the_edge(a, b):
    source = Grid.covering(10, 20, 100, 110, 1.0)
    plane = a * source.lat[:, None] + b * source.lon
    fine = source.refine(4)
    found = SmoothRegridder(source, fine)(plane)
    exact = a * np.clip(fine.lat, 10.5, 19.5)[:, None] + b * np.clip(fine.lon, 100.5, 109.5)
    np.testing.assert_allclose(found, exact, atol=1e-9)


def test_smooth_is_missing_where_conservative_is_and_closes_around_the_globe():
    source = Grid.covering(-10, 10, 0, 360, 10.0)
    values = np.cos(np.radians(source.lon)) * np.ones((2, 1))
    values[0, 5] = np.nan
    target = Grid.covering(-10, 10, -180, 180, 2.5)
    found, plain = SmoothRegridder(source, target)(values), Regridder(source, target)(values)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(plain))
    around = np.interp(target.lon, np.arange(-185, 186, 10), np.cos(np.radians(np.arange(-185, 186, 10))))
    np.testing.assert_allclose(found[-1], around, atol=1e-12)
    assert np.nanmax(np.abs(np.diff(found[0]))) < 0.06  # no step at a coast or at 0°, where blocks differ by up to 0.17


@pytest.mark.parametrize("west", [0.0, -74.375, 179.0, 350.0])
def test_smooth_takes_the_nearest_column_beyond_either_edge_of_a_source_that_is_not_periodic(west):
    source = Grid(10.0, west, 0.25, 0.25, 2, 4)  # columns at 0.125, 0.375, 0.625, 0.875 from the western edge
    target = Grid(10.0, west - 0.0875, 0.125, 0.125, 4, 10)  # at -0.025, 0.1, 0.225 … 0.975 and, outside, 1.1
    found = SmoothRegridder(source, target)(np.tile([1.0, 2.0, 3.0, 4.0], (2, 1)), minimum_valid_share=0.25)
    np.testing.assert_allclose(found, np.tile([1.0, 1.0, 1.4, 1.9, 2.4, 2.9, 3.4, 3.9, 4.0, np.nan], (4, 1)), rtol=1e-6)


def test_smooth_averages_where_the_target_is_coarser():
    source, target = Grid.covering(0, 8, 0, 8, 0.5), Grid.covering(0, 8, 0, 8, 2.0)
    values = np.random.default_rng(1).normal(size=source.shape)
    np.testing.assert_array_equal(SmoothRegridder(source, target)(values), Regridder(source, target)(values))
    mixed = Grid(0, 0, 2.0, 0.25, 4, 32)  # coarser in latitude, finer in longitude
    column = np.broadcast_to(values[:, :1], source.shape)
    np.testing.assert_allclose(SmoothRegridder(source, mixed)(column), Regridder(source, mixed)(column), rtol=1e-12)
