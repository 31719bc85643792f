"""The predictive distribution of a model's output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True)
class Normal:
    """Normal distribution in closed form, for backends without TensorFlow Probability; the same method names.

    Args: loc, scale: tensors of one shape; mm. The methods' arguments may be arrays, as those of TensorFlow Probability may.
    """

    loc: Any
    scale: Any

    def mean(self):
        return self.loc

    def stddev(self):
        return self.scale

    def variance(self):
        return ops.square(self.scale)

    def log_prob(self, value):
        value = ops.convert_to_tensor(value)
        return -0.5 * ops.square((value - self.loc) / self.scale) - ops.log(self.scale) - HALF_LOG_TWO_PI

    def cdf(self, value):
        value = ops.convert_to_tensor(value)
        return 0.5 * (1.0 + ops.erf((value - self.loc) / (self.scale * math.sqrt(2.0))))

    def quantile(self, probability):
        probability = ops.convert_to_tensor(probability)
        return self.loc + self.scale * math.sqrt(2.0) * ops.erfinv(2.0 * probability - 1.0)


def distribution(outputs: dict[str, Any]):
    """Normal distribution of {"mean", "variance"}: `tfd.Normal` of TensorFlow Probability on TensorFlow, `Normal` elsewhere."""
    return normal(outputs["mean"], ops.sqrt(outputs["variance"]))


def normal(loc, scale):
    """Normal distribution of the given mean and standard deviation on the running backend."""
    if keras.backend.backend() == "tensorflow":
        from tensorflow_probability import distributions as tfd  # seconds to import, and absent beside other backends

        return tfd.Normal(loc=loc, scale=scale)
    return Normal(loc, scale)
