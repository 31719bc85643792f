"""Teaching a perceptron in the product's metric: gradients by hand, steps after Adam (Kingma & Ba 2015, arXiv 1412.6980).

Neighbouring product cells err together. Libraries' perceptrons weigh every row for itself; here a step sees a whole month, and
its errors count as eᵀ (H C Hᵀ + R)⁻¹ e within each tile, as for the ridge. On a twin that is worth a tenth of bicubic's error.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gwkeras.methods.priors.learners.perceptrons import standardised
from gwkeras.methods.priors.learners.sample import Sample

_PASSES = 12  # over the months
_RATE = 3e-3
_MEAN, _SQUARE, _TINY = 0.9, 0.999, 1e-8  # Adam's


class Weights(NamedTuple):
    """b₂ + w₂ · tanh(b₁ + W₁ x): W₁ (p, h), b₁ (h,), w₂ (h,), b₂ ()."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray

    @classmethod
    def drawn(cls, features: int, units: int, rng: np.random.Generator) -> Weights:
        """To start with."""
        hidden = rng.normal(size=(features, units)) / np.sqrt(features)
        output = 0.3 * rng.normal(size=units) / np.sqrt(units)
        return cls(*(np.asarray(w, dtype=np.float32) for w in (hidden, np.zeros(units), output, 0.0)))


def gradient(weights: Weights, sample: Sample, month: int, x: np.ndarray, target: np.ndarray, penalty: float) -> Weights:
    """Of ½ eᵀ P e / k + ½ penalty · (|W₁|² + |w₂|²), e = f − target over a month's k cells.

    Args:
        weights: where.
        sample: its metric.
        month: position in the sample.
        x: (k, p) features in standard deviations.
        target: (k,) storage in units of the sample's scale.
        penalty: on the weights.
    """
    activity = np.tanh(x @ weights.hidden + weights.hidden_bias)
    error = activity @ weights.output + weights.output_bias - target
    slope = sample.moved(month, error) / np.float32(len(error))
    back = np.outer(slope, weights.output) * (1 - activity**2)
    return Weights(
        x.T @ back + np.float32(penalty) * weights.hidden,
        back.sum(axis=0),
        activity.T @ slope + np.float32(penalty) * weights.output,
        slope.sum(),
    )


def descend(
    sample: Sample, weights: Weights, mean: np.ndarray, deviation: np.ndarray, penalty: float, rng: np.random.Generator
) -> Weights:
    """The weights after some passes over the months, in an order drawn anew for each; the step shrinks to nothing at the end.

    Args:
        sample: what is learned from.
        weights: to start with.
        mean: (p,) of the features.
        deviation: (p,) of the features.
        penalty: on the weights.
        rng: draws the order.
    """
    months = np.flatnonzero(sample.whole.any(axis=1))
    first = Weights(*(np.zeros_like(w) for w in weights))
    second, steps = first, _PASSES * len(months)
    for step, month in enumerate((m for _ in range(_PASSES) for m in rng.permutation(months)), start=1):
        x = standardised(sample.rows[month], mean, deviation)
        slopes = gradient(weights, sample, month, x, (sample.values[month] / sample.scale).astype(np.float32), penalty)
        first = Weights(*(_MEAN * m + (1 - _MEAN) * g for m, g in zip(first, slopes, strict=True)))
        second = Weights(*(_SQUARE * v + (1 - _SQUARE) * g**2 for v, g in zip(second, slopes, strict=True)))
        rate = _RATE * min(1.0, 3 * (1 - step / steps) + 0.02)
        towards = (
            (m / (1 - _MEAN**step)) / (np.sqrt(v / (1 - _SQUARE**step)) + _TINY) for m, v in zip(first, second, strict=True)
        )
        weights = Weights(*(np.asarray(w - rate * d, np.float32) for w, d in zip(weights, towards, strict=True)))
    return weights
