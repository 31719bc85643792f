import numpy as np
import pytest
from keras import ops
from scipy.signal import correlate

from gwkeras.layers import direct, winograd
from tests.gradients import gradient


def _convolved(way, fields, kernel, bias):
    steps = way.to_steps(ops.convert_to_tensor(fields))
    kernel = way.transform_kernel(ops.convert_to_tensor(kernel))
    bias = ops.convert_to_tensor(bias.astype("float32"))
    return ops.convert_to_numpy(way.from_steps([way.convolve(step, kernel, bias) for step in steps]))


@pytest.mark.parametrize("way", [direct, winograd])
@pytest.mark.parametrize("size", [(4, 4), (4, 12), (8, 4), (12, 8)])
def test_convolution_equals_scipys(way, size):
    rng = np.random.default_rng(0)
    fields, kernel = rng.normal(size=(2, 3, *size, 5)), rng.normal(size=(3, 3, 5, 7))
    expected = np.zeros((2, 3, *size, 7)) + np.arange(7)
    for batch, step, channel, filter_ in np.ndindex(2, 3, 5, 7):
        expected[batch, step, ..., filter_] += correlate(fields[batch, step, ..., channel], kernel[..., channel, filter_], "same")
    found = _convolved(way, fields.astype("float32"), kernel.astype("float32"), np.arange(7))
    np.testing.assert_allclose(found, expected, atol=1e-4)  # values of about 7, up to 25


def test_transforms_are_exact_in_rational_numbers():
    """A field of ones under a kernel of ones gives nine everywhere, and each kernel's tap shifts a unit impulse."""
    field, kernel, back = (matrix.astype("float64") for matrix in winograd.transforms())
    for tap in range(9):
        unit_kernel = kernel[:, tap]
        for cell in range(36):
            impulse = np.zeros(36)
            impulse[cell] = 1.0
            found = (back @ ((field @ impulse) * unit_kernel)).reshape(4, 4)
            expected = np.zeros((4, 4))
            row, column = cell // 6 - tap // 3, cell % 6 - tap % 3
            if 0 <= row < 4 and 0 <= column < 4:
                expected[row, column] = 1.0
            np.testing.assert_allclose(found, expected, atol=2e-6)


def test_steps_survive_the_way_into_tiles_and_back():
    fields = np.random.default_rng(1).normal(size=(2, 3, 8, 12, 5)).astype("float32")
    assert np.array_equal(ops.convert_to_numpy(winograd.from_steps(winograd.to_steps(ops.convert_to_tensor(fields)))), fields)


def test_gradient_equals_that_of_the_plain_convolution():
    rng = np.random.default_rng(2)
    fields, kernel, weights = (rng.normal(size=s).astype("float32") for s in ((2, 1, 8, 8, 3), (3, 3, 3, 4), (2, 1, 8, 8, 4)))

    def total(way):
        def run(values):
            step = way.convolve(way.to_steps(values)[0], way.transform_kernel(ops.convert_to_tensor(kernel)), ops.ones(4))
            return ops.sum(way.from_steps([step]) * ops.convert_to_tensor(weights))

        return gradient(run, fields)

    np.testing.assert_allclose(total(winograd), total(direct), atol=2e-5)


def test_as_exact_as_float32_allows():
    """128 channels, outputs of variance one: a plain convolution in float32 errs by 2e-7 to 1e-6, depending on its blocking."""
    rng = np.random.default_rng(3)
    fields = rng.normal(size=(1, 1, 16, 16, 128)).astype("float32")
    kernel = (rng.normal(size=(3, 3, 128, 32)) / np.sqrt(9 * 128)).astype("float32")
    padded = np.pad(fields[0, 0].astype("float64"), ((1, 1), (1, 1), (0, 0)))
    expected = sum(padded[row : row + 16, column : column + 16] @ kernel[row, column] for row in range(3) for column in range(3))
    found = _convolved(winograd, fields, kernel, np.zeros(32))[0, 0]
    assert np.sqrt(np.mean((found - expected) ** 2)) < 2e-6
    assert np.abs(found - expected).max() < 2e-5
