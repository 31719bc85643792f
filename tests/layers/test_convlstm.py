import keras
import numpy as np
import pytest
from keras import ops

from gwkeras.layers.convlstm import ConvLSTM2D
from tests.gradients import gradient

WAYS = [("direct", (5, 6)), ("direct", (8, 12)), ("winograd", (8, 12)), ("winograd", (4, 4)), ("auto", (8, 6))]


def _pair(return_sequences, steps=3, size=(5, 6), channels=2, filters=4, algorithm="auto"):
    x = np.random.default_rng(0).normal(size=(2, steps, *size, channels)).astype("float32")
    stock = keras.layers.ConvLSTM2D(filters, 3, padding="same", return_sequences=return_sequences)
    ours = ConvLSTM2D(filters, 3, return_sequences=return_sequences, algorithm=algorithm)
    expected = ops.convert_to_numpy(stock(x))
    ours.build(x.shape)
    ours.set_weights([w + 0.1 * np.random.default_rng(1).normal(size=w.shape) for w in stock.get_weights()])
    stock.set_weights(ours.get_weights())
    expected = ops.convert_to_numpy(stock(x))
    return x, stock, ours, expected


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(("algorithm", "size"), WAYS)
def test_equals_stock_layer_with_its_weights(return_sequences, steps, algorithm, size):
    x, stock, ours, expected = _pair(return_sequences, steps, size, algorithm=algorithm)
    assert [w.shape for w in stock.weights] == [w.shape for w in ours.weights]
    assert [w.name for w in stock.weights] == [w.name for w in ours.weights]
    np.testing.assert_allclose(ops.convert_to_numpy(ours(x)), expected, atol=1e-5)


@pytest.mark.parametrize("algorithm", ["winograd", "auto"])
def test_equals_stock_layer_at_the_papers_width(algorithm):
    x = np.random.default_rng(0).normal(size=(2, 6, 16, 16, 64)).astype("float32")
    stock = keras.layers.ConvLSTM2D(64, 3, padding="same")
    expected = ops.convert_to_numpy(stock(x))
    ours = ConvLSTM2D(64, algorithm=algorithm)
    ours.build(x.shape)
    ours.set_weights(stock.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(ours(x)), expected, atol=5e-6)


@pytest.mark.parametrize(("algorithm", "size"), WAYS)
def test_gradients_equal_the_stock_layers(algorithm, size):
    x, stock, ours, _ = _pair(False, size=size, algorithm=algorithm)
    weights = ops.convert_to_tensor(np.random.default_rng(2).normal(size=(2, *size, 4)).astype("float32"))
    both = [gradient(lambda value, layer=layer: ops.sum(layer(value) * weights), x) for layer in (stock, ours)]
    np.testing.assert_allclose(both[1], both[0], atol=1e-5)


def test_winograd_says_what_it_needs():
    for layer, size in ((ConvLSTM2D(2, algorithm="winograd"), (8, 6)), (ConvLSTM2D(2, 5, algorithm="winograd"), (8, 8))):
        with pytest.raises(ValueError, match="divisible by four"):
            layer(np.zeros((1, 2, *size, 2), "float32"))
    with pytest.raises(ValueError, match="auto, direct or winograd"):
        ConvLSTM2D(2, algorithm="fft")


def test_starts_as_the_stock_layer_does():
    _, stock, _, _ = _pair(False)
    fresh = ConvLSTM2D(4)
    fresh.build((None, 3, None, None, 2))
    assert np.array_equal(fresh.get_weights()[2], [0] * 4 + [1] * 4 + [0] * 8)
    assert type(fresh.recurrent_initializer) is type(stock.cell.recurrent_initializer)
    assert type(fresh.kernel_initializer) is type(stock.cell.kernel_initializer)


def test_any_height_and_width_after_building():
    layer = ConvLSTM2D(3)
    assert layer(np.zeros((1, 2, 4, 4, 2), "float32")).shape == (1, 4, 4, 3)
    assert layer(np.zeros((1, 2, 7, 5, 2), "float32")).shape == (1, 7, 5, 3)
    with pytest.raises(ValueError, match="fixed number of steps"):
        ConvLSTM2D(3).build((None, None, 4, 4, 2))


def test_config_round_trip():
    layer = ConvLSTM2D(3, kernel_size=5, return_sequences=True)
    again = ConvLSTM2D.from_config(layer.get_config())
    assert (again.filters, again.kernel_size, again.return_sequences, again.algorithm) == (3, 5, True, "auto")
    assert again.compute_output_shape((2, 6, 8, 9, 4)) == (2, 6, 8, 9, 3)
