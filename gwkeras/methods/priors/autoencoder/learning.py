"""From product cells in the training months, and fine cells without values, to SSVAER's answers. Imports Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.methods.priors.learners.perceptrons import Perceptrons, standardised
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.models.ssvaer import Autoencoder
from gwkeras.regression.autoencoding import autoencode
from gwkeras.regression.descent import Schedule

_MONTHS = 8  # a step
_RATE = 3e-3


@dataclass(frozen=True)
class Sizes:
    """Of what is learned.

    Args:
        latent: variables between storage and features.
        hidden: units of each hidden layer.
        members: networks averaged.
        evidence: weight of what all rows tell of the features, beside storage.
        epochs: passes over the months.
    """

    latent: int
    hidden: int
    members: int
    evidence: float
    epochs: int


def learn_answers(sample: Sample, decay: float, seed: int, sizes: Sizes, unlabelled: np.ndarray) -> Perceptrons:
    """The mean of storage given features, as perceptrons.

    Args:
        sample: what is learned from.
        decay: of the weights.
        seed: of everything drawn.
        sizes: of the networks.
        unlabelled: (n, p) features of rows without storage.
    """
    rng = np.random.default_rng(seed)
    mean, deviation = sample.moments()
    whole = sample.whole_cells
    x = standardised(sample.rows, mean, deviation)  # months that are not learned from stay, as rows without storage
    y = np.where(whole, sample.values / sample.scale, 0.0).astype(np.float32)
    further = len(unlabelled) // x.shape[1]  # in sheets of as many rows as a month has cells
    if further:
        drawn = rng.permutation(len(unlabelled))[: further * x.shape[1]]
        x = np.concatenate([x, standardised(unlabelled[drawn], mean, deviation).reshape(further, *x.shape[1:])])
        y, whole = (np.concatenate([a, np.zeros((further, a.shape[1]), a.dtype)]) for a in (y, whole))
    answers = autoencode(
        Autoencoder(x.shape[-1], sizes.latent, sizes.hidden, sizes.members),
        x,
        y,
        whole,
        Schedule(sizes.epochs, _MONTHS, _RATE, decay, sizes.epochs),
        rng,
        evidence=sizes.evidence,
        whiteners=sample.scaled_whiteners,
    )
    return Perceptrons(mean, deviation, np.array(sample.scale), *vars(answers).values())
