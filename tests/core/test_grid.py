"""Grids against closed forms on the sphere and cells worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.errors import GridMismatch
from gwkeras.core.grid import EARTH_RADIUS_KM, Grid, nearest_upsample

GLOBE_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2

GRIDS = st.builds(
    lambda south, west, step, rows, cols: Grid(south, west, step, step, rows, cols),
    st.integers(-60, 30),
    st.integers(-180, 360),
    st.sampled_from([0.125, 0.25, 0.5, 1.0, 2.0, 1 / 3]),
    st.integers(1, 20),
    st.integers(1, 20),
)


def test_areas_fill_the_globe_and_one_degree_at_the_equator():
    for step in (0.5, 1.0, 2.5):
        grid = Grid.covering(-90, 90, -180, 180, step)
        assert grid.area.sum() == pytest.approx(GLOBE_KM2, rel=1e-12)
        assert grid.area.shape == grid.shape
    cell = Grid(0.0, 0.0, 1.0, 1.0, 1, 1)
    assert cell.row_area[0] == pytest.approx(12363.7, abs=0.1)  # 6371² · (π/180) · sin 1°


def test_points_on_the_poles_are_cut_there():
    grid = Grid.from_centres(np.linspace(-90, 90, 1801), np.arange(3600) * 0.1)
    assert grid.shape == (1801, 3600)
    assert (grid.lat_edges[0], grid.lat_edges[1], grid.lat_edges[-1]) == (-90.0, pytest.approx(-89.95), 90.0)
    assert grid.area.sum() == pytest.approx(GLOBE_KM2, rel=1e-12)
    assert grid.is_periodic
    assert not grid.window(0, 0, 10, 3599).is_periodic


@given(GRIDS, st.integers(1, 6))
def test_refining_and_coarsening_are_inverse(grid, factor):
    fine = grid.refine(factor)
    back = fine.coarsen(factor)
    assert back.is_close(grid)
    assert fine.shape == (factor * grid.n_lat, factor * grid.n_lon)
    np.testing.assert_allclose(fine.lat_edges[::factor], grid.lat_edges, atol=1e-9)
    np.testing.assert_allclose(fine.area.reshape(grid.n_lat, factor, grid.n_lon, factor).sum((1, 3)), grid.area, rtol=1e-9)


@given(GRIDS, st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_block_mean_of_a_nearest_refinement_is_the_field(grid, factor, seed):
    values = np.random.default_rng(seed).normal(size=(2, *grid.shape))
    values[0, 0, 0] = np.nan
    fine = nearest_upsample(values, factor)
    land = np.random.default_rng(seed + 1).random(fine.shape[-2:]) + 0.01
    np.testing.assert_allclose(grid.refine(factor).block_mean(fine, factor, land), values, rtol=1e-12)


def test_block_mean_by_hand():
    grid = Grid(0.0, 0.0, 30.0, 30.0, 2, 2)  # rows of sin 30° = 1/2 and sin 60° − 1/2
    low, high = 0.5, np.sqrt(3) / 2 - 0.5
    values = np.array([[1.0, 2.0], [np.nan, 4.0]])
    assert grid.block_mean(values, 2)[0, 0] == pytest.approx((low * 3 + high * 4) / (2 * low + high))
    land = np.array([[0.0, 0.5], [1.0, 0.25]])
    mean, weight = grid.block_sum_and_weight(values, 2, land)
    assert mean[0, 0] == pytest.approx((low * 0.5 * 2 + high * 0.25 * 4) / (low * 0.5 + high * 0.25))
    assert weight[0, 0] == pytest.approx(EARTH_RADIUS_KM**2 * np.pi / 6 * (low * 0.5 + high * 0.25))
    assert np.isnan(grid.block_mean(values, 2, np.zeros((2, 2)))).all()
    with pytest.raises(GridMismatch, match="divisible by 3"):
        grid.block_mean(values, 3)


def test_coarsening_from_other_origins_leaves_out_what_fills_no_block():
    grid = Grid.covering(0, 10, 100, 111, 1.0)
    assert grid.coarsen(4) == Grid(0, 100, 4.0, 4.0, 2, 2)
    assert grid.coarsen(4, 3, 2) == Grid(3.0, 102.0, 4.0, 4.0, 1, 2)
    with pytest.raises(GridMismatch, match="at least 4 × 4"):
        grid.coarsen(4, 7, 0)


@given(GRIDS, st.integers(-5, 25), st.integers(-5, 25), st.integers(1, 9), st.integers(1, 9))
def test_windows_know_where_they_lie(grid, row, col, rows, cols):
    window = grid.window(row, col, rows, cols)
    assert window.shape == (rows, cols)
    assert window.offset_in(grid) == (row, col)


def test_longitudes_are_compared_modulo_a_turn():
    assert Grid.covering(0, 2, 350, 360, 1.0).is_close(Grid.covering(0, 2, -10, 0, 1.0))
    assert not Grid.covering(0, 2, 350, 360, 1.0).is_close(Grid.covering(0, 2, -9, 1, 1.0))
    assert not Grid.covering(0, 2, 0, 2, 1.0).is_close(Grid.covering(0, 2, 0, 4, 1.0))


def test_float32_coordinates_give_the_step_that_was_meant():
    lat = np.linspace(-90, 90, 1801).astype(np.float32)
    lon = (np.arange(3600) * 0.1).astype(np.float32)
    grid = Grid.from_centres(lat, lon)
    assert (grid.lat_step, grid.lon_step) == (0.1, 0.1)
    assert grid.is_close(Grid.from_centres(np.linspace(-90, 90, 1801), np.arange(3600) * 0.1))
    third = Grid.from_centres(np.arange(60) / 3, np.arange(60) / 3)
    assert third.lat_step == pytest.approx(1 / 3, rel=1e-12)


def test_what_is_no_regular_grid_is_refused():
    with pytest.raises(GridMismatch, match="evenly spaced"):
        Grid.from_centres(np.array([0.0, 1.0, 3.0]), np.arange(3.0), "odd.nc")
    with pytest.raises(GridMismatch, match="ascending latitude"):
        Grid.from_centres(np.arange(3.0)[::-1], np.arange(3.0))
    with pytest.raises(GridMismatch, match="at least two"):
        Grid.from_centres(np.array([1.0]), np.arange(3.0))
    with pytest.raises(GridMismatch, match="positive size"):
        Grid(0, 0, 0.0, 1.0, 2, 2)
    with pytest.raises(GridMismatch, match="whole number"):
        Grid.covering(0, 1.3, 0, 1, 0.5)


def test_windows_of_other_grids_are_refused():
    coarse = Grid.covering(0, 10, 0, 10, 0.5)
    with pytest.raises(GridMismatch, match="regrid it first"):
        Grid(0.25, 0.0, 0.5, 0.5, 4, 4).offset_in(coarse)
    with pytest.raises(GridMismatch, match="regrid it first"):
        Grid(0.0, 0.0, 1.0, 1.0, 4, 4).offset_in(coarse)


def test_description():
    assert Grid.covering(8, 24, 102, 110, 0.5).describe() == "0.5° cells, 32 × 16, 8…24°N 102…110°E"
    assert Grid(0, 0, 0.5, 0.625, 2, 2).describe().startswith("0.5° × 0.625° cells")


def test_nearest_upsample_by_hand():
    np.testing.assert_array_equal(nearest_upsample(np.array([[1, 2]]), 2), [[1, 1, 2, 2], [1, 1, 2, 2]])
