"""From product cells in the training months to local coefficients, in the product's metric. Imports Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from gwkeras.methods.priors.learners.features import PLACES
from gwkeras.methods.priors.learners.perceptrons import standardised
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.weighted_regression.local_memories import SPACE, TIME, YEAR, LocalMemories, located
from gwkeras.models.weighted_regression import Design
from gwkeras.regression.descent import Schedule
from gwkeras.regression.places import Places
from gwkeras.regression.references import reference_points, typical_distances
from gwkeras.regression.training import train

_MONTHS = 8  # a step
_RATE, _DECAY = 3e-3, 1e-3


@dataclass(frozen=True)
class Sizes:
    """Of what is learned.

    Args:
        memories: how many of the features are memories.
        timed: whether coefficients follow time.
        members: networks averaged.
        references: points that proximity is measured to.
        epochs: passes over the months.
    """

    memories: int
    timed: bool
    members: int
    references: int
    epochs: int


def learn_local_memories(sample: Sample, strength: float, seed: int, sizes: Sizes) -> LocalMemories:
    """Global coefficients by ridge regression, and how they vary, from a network.

    Args:
        sample: what is learned from.
        strength: of the ridge: least squares cannot tell memories apart that go together.
        seed: of everything drawn.
        sizes: of the network.
    """
    rng = np.random.default_rng(seed)
    told = sample.rows.shape[-1] - PLACES
    mean, deviation = sample.moments(told)
    whole = sample.whole_cells
    months = np.flatnonzero(whole.any(axis=1))
    x, maps = np.split(standardised(sample.rows[months, :, :told], mean, deviation), [sizes.memories], axis=-1)
    whole, values = whole[months], (sample.values[months] / sample.scale).astype(np.float32)
    x = _anomalies(x, whole)
    coefficients = _ridge(x, values, whole, sample, strength)
    where = located(sample.rows[months][..., -PLACES:])
    table = where.reshape(-1, where.shape[-1])
    places = Places.of(table, (SPACE, TIME) if sizes.timed else (SPACE,), YEAR if sizes.timed else None)
    coordinates = places(table)
    references = reference_points(coordinates, sizes.references, rng)
    ones = np.ones((*x.shape[:2], 1), np.float32)
    rows = [np.concatenate([x, ones], axis=-1), coordinates.reshape(*x.shape[:2], -1)]
    design = Design(
        references,
        places.kinds,
        *typical_distances(coordinates, references, places.kinds, rng),
        coefficients=np.append(coefficients, 0.0),
        coefficient_scales=np.full(len(coefficients) + 1, 1 / np.sqrt(len(coefficients))),
        attributes=maps.shape[-1],
        members=sizes.members,
    )
    network = train(
        design,
        (*rows, maps) if maps.shape[-1] else tuple(rows),
        values,
        Schedule(sizes.epochs, _MONTHS, _RATE, _DECAY, sizes.epochs),
        rng,
        whiteners=sample.scaled_whiteners,
        weights=whole.astype(np.float32),
    )
    numbers = np.array(sample.scale), np.array(sizes.memories)
    return LocalMemories(mean, deviation, *numbers, places.centres, places.scales, network)


def _anomalies(x: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Features (M, k, p) less each cell's own mean over the months it is learned from, as the product's values are."""
    weights = whole.astype(np.float32)
    mean = np.einsum("mkp,mk->kp", x, weights) / np.maximum(weights.sum(axis=0), 1)[:, None]
    return x - mean


def _ridge(x: np.ndarray, values: np.ndarray, whole: np.ndarray, sample: Sample, strength: float) -> np.ndarray:
    """(p,) minimises Σ eᵀ P e + strength |β|² over the tiles that are whole."""
    p = x.shape[-1]
    gram, moment = strength * np.eye(p), np.zeros(p)
    for cells, whitener in zip(sample.slices, sample.scaled_whiteners, strict=True):
        months = whole[:, cells].all(axis=1)
        white = np.einsum("ij,mjp->mip", whitener, x[months, cells], optimize=True).reshape(-1, p).astype(np.float64)
        gram += white.T @ white
        moment += white.T @ (values[months, cells] @ whitener.T).reshape(-1)
    return np.asarray(cho_solve(cho_factor(gram), moment))
