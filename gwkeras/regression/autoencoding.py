"""From rows with and without values to a trained SSVAER, as plain arrays. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.models.ssvaer import Autoencoder, ssvaer
from gwkeras.regression.descent import Goal, Itself, MembersError, Schedule, descend


@dataclass(frozen=True)
class Answers:
    """Mean of q(y | x) of each member, output · tanh(hidden x + bias) + offset, x in standard deviations.

    Args:
        hidden: (member, features, h).
        hidden_bias: (member, h).
        output: (member, h).
        output_bias: (member,).
    """

    hidden: np.ndarray
    hidden_bias: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """(n, features) -> (n,) the mean over members."""
        activity = np.tanh(x @ self.hidden + self.hidden_bias[:, None])  # (member, n, h)
        return (np.einsum("mnh,mh->mn", activity, self.output) + self.output_bias[:, None]).mean(axis=0)


def autoencode(
    sizes: Autoencoder,
    x: np.ndarray,
    y: np.ndarray,
    known: np.ndarray,
    schedule: Schedule,
    rng: np.random.Generator,
    *,
    evidence: float,
    whiteners: Sequence[np.ndarray] | None = None,
    judge: Callable[[Answers], float] | None = None,
) -> Answers:
    """A trained SSVAER's answers.

    Args:
        sizes: of the networks.
        x: (n, ..., features) in standard deviations.
        y: (n, ...) in standard deviations; 0 where it is unknown.
        known: (n, ...) bool.
        schedule: of the steps.
        rng: of everything drawn.
        evidence: weight of the bound of the evidence, a feature, beside the label's.
        whiteners: the metric of months of cells (n, cell), tile by tile; None: rows count alike, by their likelihood.
        judge: answers -> an error on rows that are not trained on, to choose the epoch by; None: the last is taken.
    """
    model = ssvaer(sizes, x.shape[1:-1], int(rng.integers(2**31)))
    weights = known.astype(np.float32)
    values = y.astype(np.float32)[..., None]
    share = max(float(weights.mean()), 1e-9)
    labels, squares = (1.0 / share, 0.0) if whiteners is None else (0.1 / share, 1.0 / share)
    goals = [
        Goal(np.zeros_like(values), Itself(), share=evidence / sizes.features),
        Goal(np.zeros_like(values), Itself(), weights, share=labels),
        Goal(values, MembersError(whiteners), weights, share=squares),
    ]
    found = descend(
        model,
        [x.astype(np.float32), values, weights[..., None]],
        goals,
        schedule,
        rng,
        None if judge is None else lambda weights: judge(_answers(model, weights, sizes)),
    )
    return _answers(model, found, sizes)


def _answers(model, weights: list[np.ndarray], sizes: Autoencoder) -> Answers:
    named = {weight.path: values for weight, values in zip(model.weights, weights, strict=True)}

    def of(layer: str, kind: str) -> np.ndarray:
        return np.asarray(next(values for path, values in named.items() if path.split("/")[-2:] == [layer, kind]))

    hidden = of("encoder", "kernel").reshape(sizes.features, sizes.members, sizes.hidden).swapaxes(0, 1)
    bias = of("encoder", "bias").reshape(sizes.members, sizes.hidden)
    return Answers(hidden, bias, of("y_mean", "kernel").T.copy(), of("y_mean", "bias")[:, 0])
