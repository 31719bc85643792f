"""Levels and deviations of fine fields within coarse cells."""

import numpy as np

from gwkeras.layers.block_mean import BlockDeviation, BlockLevel

FIELD = np.array([[1.0, 3.0, 10.0, 10.0], [5.0, 7.0, 10.0, 99.0]], np.float32)[None, ..., None]
LAND = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0]], np.float32)[None, ..., None]
EQUATOR = np.zeros((1, 1), np.float32)  # one coarse row across the equator: its two fine rows have equal areas


def test_level_is_the_standardised_mean_over_land():
    level = BlockLevel(2, mean=[4.0], std=[2.0])(FIELD, LAND, EQUATOR)
    # (1 + 3 + 5) / 3 = 3 and 10, less 4, over 2
    np.testing.assert_allclose(np.asarray(level)[0, 0, :, 0], [-0.5, 3.0], atol=1e-6)


def test_level_without_land_is_zero():
    level = BlockLevel(2, mean=[4.0], std=[2.0])(FIELD, np.zeros_like(LAND), EQUATOR)
    np.testing.assert_array_equal(np.asarray(level), 0.0)


def test_deviation_is_the_rest_and_zero_off_land():
    deviation = BlockDeviation(2, scale=[2.0])(FIELD, LAND, EQUATOR)
    np.testing.assert_allclose(np.asarray(deviation)[0, ..., 0], [[-1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]], atol=1e-6)
