import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from gwkeras.core.grid import Grid
from gwkeras.layers.block_mean import BlockDeviation, block_mean
from gwkeras.layers.cell_area import fine_row_area
from gwkeras.layers.conservation import Conservation
from tests.gradients import gradient


@pytest.mark.parametrize(
    ("south", "step", "rows", "factor"), [(-90.0, 0.5, 8, 4), (84.0, 0.5, 12, 4), (5.0, 2.0, 6, 4), (-3.0, 0.1, 9, 5)]
)
def test_row_area_is_the_spheres(south, step, rows, factor):
    grid = Grid(south, 0.0, step, step, rows, 2)
    area = ops.convert_to_numpy(fine_row_area(ops.convert_to_tensor(grid.lat[None].astype("float32")), factor))[0, :, 0, 0]
    exact = grid.refine(factor).row_area
    np.testing.assert_allclose(area / area.mean(), exact / exact.mean(), rtol=2e-5, atol=2e-6)


def test_rows_beyond_the_pole_have_no_area_and_cut_rows_their_part():
    area = ops.convert_to_numpy(fine_row_area(ops.convert_to_tensor(np.array([[88.0, 90.0, 92.0]], "float32")), 1))[0, :, 0, 0]
    edges = np.sin(np.deg2rad([87.0, 89.0, 90.0]))
    np.testing.assert_allclose(area[1] / area[0], (edges[2] - edges[1]) / (edges[1] - edges[0]), rtol=1e-4)
    assert area[2] == 0


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([2, 4, 5]), south=st.sampled_from([-60.0, 0.0, 70.0]))
def test_conserves_to_a_ten_thousandth_of_a_millimetre(seed, factor, south):
    rng = np.random.default_rng(seed)
    grid = Grid(south, 10.0, 0.5, 0.5, 6, 5)
    fine_grid = grid.refine(factor)
    land_fine = np.where(rng.random(fine_grid.shape) < 0.3, 0, rng.random(fine_grid.shape)).astype("float32")
    land = (rng.random(grid.shape) > 0.2).astype("float32")
    gwsa = 100 * rng.normal(size=grid.shape).astype("float32")
    fine = 100 * rng.normal(size=fine_grid.shape).astype("float32")
    result = Conservation(factor)(
        *(ops.convert_to_tensor(a[None, ..., None]) for a in (fine, gwsa, land_fine, land)),
        ops.convert_to_tensor(grid.lat[None].astype("float32")),
    )
    result = ops.convert_to_numpy(result)[0, ..., 0]
    mean, weight = fine_grid.block_sum_and_weight(result.astype(float), factor, land_fine.astype(float))
    known = (weight > 0) & (land > 0)
    assert np.max(np.abs(mean - gwsa)[known], initial=0) <= 1e-4
    unchanged = (land_fine == 0) | np.repeat(np.repeat(land == 0, factor, 0), factor, 1)
    assert np.array_equal(result[unchanged], fine[unchanged])


def test_by_hand_on_the_equator():
    # four cells of nearly equal area, one of them sea: the land cells rise by 5 − (1 + 2 + 3)/3 = 3
    fine = ops.convert_to_tensor(np.array([[1, 2], [3, 40]], "float32")[None, ..., None])
    land = ops.convert_to_tensor(np.array([[1, 1], [1, 0]], "float32")[None, ..., None])
    one = ops.ones((1, 1, 1, 1))
    result = Conservation(2)(fine, 5 * one, land, one, ops.zeros((1, 1)))
    np.testing.assert_allclose(ops.convert_to_numpy(result)[0, ..., 0], [[4, 5], [6, 40]], rtol=1e-6)


def test_correction_passes_no_gradient_to_a_blocks_mean():
    x = np.random.default_rng(0).normal(size=(1, 4, 4, 1)).astype("float32")
    land, coarse, latitude = np.ones_like(x), np.ones((1, 1, 1, 1), "float32"), np.zeros((1, 1), "float32")
    weight = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    weights = ops.convert_to_tensor(weight)
    found = gradient(lambda value: ops.sum(weights * Conservation(4)(value, coarse, land, coarse, latitude)), x)
    np.testing.assert_allclose(found, weight - weight.mean(), atol=1e-5)


def test_deviation_has_no_block_mean_and_is_scaled():
    rng = np.random.default_rng(3)
    x, land = rng.normal(size=(2, 8, 8, 3)).astype("float32"), rng.random((2, 8, 8, 1)).astype("float32")
    land[:, :3, :3] = 0
    latitude = np.tile(np.float32([40, 42]), (2, 1))
    layer = BlockDeviation.from_config(BlockDeviation(4, [1.0, 2.0, 0.5]).get_config())
    found = layer(x, land, latitude)
    area = fine_row_area(ops.convert_to_tensor(latitude), 4) * ops.convert_to_tensor(land)
    np.testing.assert_allclose(ops.convert_to_numpy(block_mean(found, area, 4)[0]), 0, atol=1e-5)
    found = ops.convert_to_numpy(found)
    assert np.all(found[:, :3, :3] == 0)
    np.testing.assert_allclose(found[0, 7, 7] - found[0, 6, 5], (x[0, 7, 7] - x[0, 6, 5]) / [1, 2, 0.5], rtol=1e-4)
