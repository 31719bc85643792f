"""Detail, against the carrying that numpy does elsewhere and against what must be left of fields that are known."""

import keras
import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.fields.grids.interpolation import conserve, upsample
from gwkeras.layers.block_mean import block_mean
from gwkeras.layers.cell_area import fine_row_area
from gwkeras.layers.detail import Detail

FACTOR, COARSE = 4, Grid(30.0, 0.0, 0.5, 0.5, 6, 8)
FINE = COARSE.refine(FACTOR)
LATITUDE = COARSE.lat[None].astype("float32")


def coast() -> np.ndarray:
    """(24, 32) land fractions; whole coarse cells, some of them inland, have none."""
    land = np.random.default_rng(2).uniform(0.0, 1.0, FINE.shape)
    land[:8, :12] = land[12:16, 20:24] = 0.0
    return np.where(land > 0.1, land, 0.0)


def carried(coarse: np.ndarray, land: np.ndarray) -> np.ndarray:
    known = np.where(FINE.block_mean(land, FACTOR) > 0, coarse, np.nan)
    return conserve(upsample(known, FACTOR, "bicubic", missing="filled"), known, FINE, FACTOR, land)


def test_it_is_what_numpy_leaves():
    land, fields = coast(), np.random.default_rng(3).normal(50.0, 20.0, (*FINE.shape, 2))
    found = np.asarray(
        Detail(FACTOR, [1.0, 4.0])(fields[None].astype("float32"), land[None, ..., None].astype("float32"), LATITUDE)
    )
    for channel, scale in enumerate((1.0, 4.0)):
        expected = fields[..., channel] - carried(FINE.block_mean(fields[..., channel], FACTOR, land), land)
        np.testing.assert_allclose(found[0, ..., channel], np.where(land > 0, expected, 0.0) / scale, atol=2e-4)


def test_of_a_carried_field_nothing_is_left():
    land = coast()
    fine = carried(np.random.default_rng(4).normal(0.0, 60.0, COARSE.shape), land)
    found = Detail(FACTOR, [1.0])(fine[None, ..., None].astype("float32"), land[None, ..., None].astype("float32"), LATITUDE)
    np.testing.assert_allclose(np.asarray(found)[0, ..., 0], 0.0, atol=2e-4)


def test_block_means_of_what_is_left_are_zero():
    land = coast()[None, ..., None].astype("float32")
    fields = np.random.default_rng(5).normal(0.0, 60.0, land.shape).astype("float32")
    left = np.asarray(Detail(FACTOR, [1.0])(fields, land, LATITUDE))
    assert float(np.abs(left).max()) > 50
    weights = keras.ops.convert_to_tensor(land) * fine_row_area(keras.ops.convert_to_tensor(LATITUDE), FACTOR)
    mean, _ = block_mean(keras.ops.convert_to_tensor(left), weights, FACTOR)
    np.testing.assert_allclose(np.asarray(mean), 0.0, atol=1e-4)
