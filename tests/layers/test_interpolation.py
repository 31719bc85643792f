import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from gwkeras.fields.grids import interpolation as numpy_twin
from gwkeras.layers.interpolation import FillMissing, Upsampling, fill_missing, phase_weights, upsample


@pytest.mark.parametrize("factor", [2, 3, 4, 5])
def test_bilinear_is_keras_half_pixel_bilinear(factor):
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype("float32")
    expected = keras.layers.UpSampling2D(factor, interpolation="bilinear")(x)
    np.testing.assert_allclose(ops.convert_to_numpy(upsample(x, factor, "bilinear")), ops.convert_to_numpy(expected), atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4, 5])
def test_bicubic_weights_by_hand(factor):
    weights = phase_weights(factor, "bicubic")
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    if factor == 2:  # Keys a = −1/2 at a quarter of a cell: (−9, 111, 29, −3)/128
        np.testing.assert_allclose(weights[1] * 128, [0, -9, 111, 29, -3], atol=1e-12)


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("factor", [1, 2, 4, 5])
def test_equals_the_numpy_twin(kind, factor):
    x = 100 * np.random.default_rng(1).normal(size=(2, 6, 5)).astype("float32")
    ours = ops.convert_to_numpy(upsample(x[..., None], factor, kind))[..., 0]
    np.testing.assert_allclose(ours, numpy_twin.upsample(x, factor, kind), atol=1e-4)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0))
def test_fill_missing_equals_the_numpy_twin(seed, share):
    rng = np.random.default_rng(seed)
    x = 100 * rng.normal(size=(2, 6, 7)).astype("float32")
    mask = (rng.random(x.shape) >= share).astype("float32")
    holes = np.where(mask > 0, x, np.nan)
    ours = ops.convert_to_numpy(fill_missing(ops.convert_to_tensor(holes[..., None]), ops.convert_to_tensor(mask[..., None])))
    np.testing.assert_allclose(ours[..., 0], np.nan_to_num(numpy_twin.fill_missing(holes)), atol=1e-4)


def test_fill_missing_by_hand():
    values = np.zeros((1, 1, 6, 1), "float32")
    values[0, 0, 0, 0] = 8.0
    mask = np.zeros_like(values)
    mask[0, 0, 0, 0] = 1
    filled = ops.convert_to_numpy(fill_missing(ops.convert_to_tensor(values), ops.convert_to_tensor(mask)))
    assert filled[0, 0, :, 0].tolist() == [8, 8, 8, 0, 0, 0]


def test_layers_are_the_functions_and_round_trip():
    x = np.random.default_rng(2).normal(size=(1, 3, 4, 2)).astype("float32")
    layer = Upsampling.from_config(Upsampling(4, "bicubic").get_config())
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), ops.convert_to_numpy(upsample(x, 4, "bicubic")))
    assert layer.compute_output_shape((None, None, 4, 2)) == (None, None, 16, 2)
    assert FillMissing.from_config(FillMissing(passes=3).get_config()).passes == 3
