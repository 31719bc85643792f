"""Perceptrons with one hidden layer as plain arrays, averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import BadInput

_LARGEST = 4.0  # standard deviations of what was learned from; what lies beyond is taken for that


@dataclass(frozen=True)
class Perceptrons:
    """Mean over members of b₂ + w₂ · tanh(b₁ + W₁ x'), x' the features in standard deviations, times the target's.

    Args:
        mean: (p,) of the features.
        deviation: (p,).
        scale: mm, of the target.
        hidden: (member, p, h).
        hidden_bias: (member, h).
        output: (member, h).
        output_bias: (member,).
    """

    mean: np.ndarray
    deviation: np.ndarray
    scale: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray

    def __post_init__(self) -> None:
        members, features, units = self.hidden.shape
        shapes = [a.shape for a in (self.mean, self.deviation, self.hidden_bias, self.output, self.output_bias)]
        if shapes != [(features,), (features,), (members, units), (members, units), (members,)]:
            raise BadInput("perceptron", expected="weights that fit together", found=str(shapes), remedy="fit the prior again")

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, p) -> (n,) mm."""
        x = standardised(rows, self.mean, self.deviation)
        total = np.zeros(len(rows))
        for hidden, bias, output, last in zip(self.hidden, self.hidden_bias, self.output, self.output_bias, strict=True):
            total += np.tanh(x @ hidden + bias) @ output + last
        return total / len(self.hidden) * float(self.scale)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is kept."""
        names = ("mean", "deviation", "scale", "hidden", "hidden_bias", "output", "output_bias")
        return {name: getattr(self, name) for name in names}


def standardised(rows: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """(n, p) float32 features in standard deviations, at most four of them."""
    return np.clip((rows - mean) / deviation, -_LARGEST, _LARGEST).astype(np.float32)
