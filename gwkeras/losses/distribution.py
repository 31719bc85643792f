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

    The methods' arguments may be arrays, as those of TensorFlow Probability may.

    Args:
        loc: mean, a tensor, mm.
        scale: standard deviation, of the same shape, mm.

    >>> height = Normal(ops.convert_to_tensor([10.0]), ops.convert_to_tensor([2.0]))
    >>> round(float(height.quantile(0.95)[0]), 3), round(float(height.cdf(12.0)[0]), 3)
    (13.29, 0.841)
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
    """Normal distribution of a model's outputs: `tfd.Normal` of TensorFlow Probability on TensorFlow, `Normal` elsewhere.

    Args:
        outputs: {"mean", "variance"}, mm and mm².

    >>> outputs = {"mean": ops.convert_to_tensor([10.0]), "variance": ops.convert_to_tensor([4.0])}
    >>> float(distribution(outputs).stddev()[0])
    2.0
    """
    return normal(outputs["mean"], ops.sqrt(outputs["variance"]))


def normal(loc, scale):
    """Normal distribution of the given mean and standard deviation on the running backend.

    Args:
        loc: mean.
        scale: standard deviation.

    >>> round(float(normal(0.0, 1.0).log_prob(0.0)), 4)  # −½ ln 2π
    -0.9189
    """
    if keras.backend.backend() == "tensorflow":
        from tensorflow_probability import distributions as tfd  # seconds to import, and absent beside other backends

        return tfd.Normal(loc=loc, scale=scale)
    return Normal(loc, scale)
