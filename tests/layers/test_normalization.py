import keras
import numpy as np
from keras import ops

from gwkeras.layers.calendar import CalendarMaps
from gwkeras.layers.normalization import Standardize, Unstandardize, Variance


def test_scaling_inverts_and_masks():
    x = np.array([[[1.0, 300.0], [3.0, 280.0]]], "float32")
    scaled = Standardize((1.0, 280.0), (2.0, 10.0))(x)
    np.testing.assert_allclose(ops.convert_to_numpy(scaled), [[[0, 2], [1, 0]]])
    np.testing.assert_allclose(ops.convert_to_numpy(Unstandardize((1.0, 280.0), (2.0, 10.0))(scaled)), x)
    masked = Standardize((1.0, 280.0), (2.0, 10.0))(x, np.array([[[0.0], [0.5]]], "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(masked), [[[0, 0], [1, 0]]])


def test_scaling_is_exact_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = Standardize(101_000.0, 50.0)
    finally:
        keras.config.set_dtype_policy(before)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(np.float32([[101_325.0]]))), [[6.5]])


def test_constants_survive_serialisation():
    layer = Standardize.from_config(Standardize((1.0, 2.0), (3.0, 4.0)).get_config())
    assert (layer.mean, layer.std, layer.weights) == ([1.0, 2.0], [3.0, 4.0], [])
    assert Variance.from_config(Variance(7.0).get_config()).scale == 7.0


def test_variance_is_positive_and_softplus():
    found = ops.convert_to_numpy(Variance(3.0)(np.float32([-200.0, 0.0, 5.0])))
    np.testing.assert_allclose(found, 9 * (np.logaddexp(0, [-200.0, 0, 5]) + 1e-6), rtol=1e-5)


def test_calendar_repeats_each_year():
    like = np.zeros((3, 2, 4, 5), "float32")
    maps = ops.convert_to_numpy(CalendarMaps()(np.float32([3.0, 15.0, 6.0]), like))
    assert maps.shape == (3, 2, 4, 3)
    np.testing.assert_allclose(maps[0, ..., :2], maps[1, ..., :2], atol=1e-6)
    np.testing.assert_allclose(maps[0, 0, 0], [1, 0, -126 / 129], atol=1e-6)
    np.testing.assert_allclose(maps[2, 1, 3, :2], [0, -1], atol=1e-6)
