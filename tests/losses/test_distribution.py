import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from gwkeras.losses.distribution import Normal, distribution, normal


def test_log_prob_of_backend_and_closed_form_agree():
    rng = np.random.default_rng(0)
    mean, variance, value = (rng.normal(size=(2, 3, 3, 1)), rng.random((2, 3, 3, 1)) + 0.05, rng.normal(size=(2, 3, 3, 1)))
    outputs = {
        "mean": ops.convert_to_tensor(mean.astype("float32")),
        "variance": ops.convert_to_tensor(variance.astype("float32")),
    }
    value = value.astype("float32")
    found = distribution(outputs)
    closed = Normal(outputs["mean"], ops.sqrt(outputs["variance"]))
    ours, reference = (ops.convert_to_numpy(d.log_prob(value)) for d in (found, closed))
    np.testing.assert_allclose(ours, reference, atol=1e-6, rtol=1e-6)
    np.testing.assert_allclose(ours, stats.norm.logpdf(value, mean, np.sqrt(variance)), rtol=1e-4, atol=1e-4)


def test_closed_form_methods_are_scipys():
    mean, sigma = np.float32([0.0, 3.0]), np.float32([1.0, 0.5])
    tensors = ops.convert_to_tensor(mean), ops.convert_to_tensor(sigma)
    for d in (Normal(*tensors), normal(*tensors)):
        for name, argument in (("cdf", [0.4, 2.5]), ("quantile", [0.05, 0.9]), ("log_prob", [1.0, 2.0])):
            other = {"cdf": "cdf", "quantile": "ppf", "log_prob": "logpdf"}[name]
            expected = getattr(stats.norm, other)(argument, mean, sigma)
            np.testing.assert_allclose(ops.convert_to_numpy(getattr(d, name)(np.float32(argument))), expected, rtol=1e-4)
        np.testing.assert_allclose(ops.convert_to_numpy(d.mean()), mean)
        np.testing.assert_allclose(ops.convert_to_numpy(d.variance()), sigma**2)
        np.testing.assert_allclose(ops.convert_to_numpy(d.stddev()), sigma)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tfd.Normal is for the TensorFlow backend")
def test_tensorflow_uses_tensorflow_probability():
    from tensorflow_probability import distributions as tfd

    assert isinstance(distribution({"mean": ops.zeros((1,)), "variance": ops.ones((1,))}), tfd.Normal)
