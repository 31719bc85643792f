"""Teaching a perceptron: its gradient against differences, its end against generalised least squares."""

import numpy as np
import pytest

from gwkeras.methods.priors.learners.descent import Weights, descend, gradient
from gwkeras.methods.priors.learners.perceptrons import Perceptrons
from gwkeras.methods.priors.learners.sample import Sample


def made(seed=0, months=30, cells=8, features=3):
    """Two tiles of cells whose errors go together."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(months, cells, features)).astype(np.float32)
    half = cells // 2
    covariance = np.exp(-np.abs(np.subtract.outer(np.arange(half), np.arange(half))) / 2.0)
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    return (
        rng,
        rows,
        covariance,
        Sample(rows, rng.normal(size=(months, cells)), np.ones((months, cells), bool), (half, half), (whitener, whitener)),
    )


def test_the_gradient_is_that_of_the_whitened_error():
    rng, rows, covariance, sample = made()
    weights, target = Weights.drawn(3, 4, rng), rng.normal(size=8)
    inverse = np.kron(np.eye(2), np.linalg.inv(covariance))
    quadratic = np.einsum("mi,ij,mj->", sample.values, inverse, sample.values)
    inverse *= np.mean(sample.values**2) * sample.values.size / quadratic  # as the sample scales it

    def loss(w):
        e = np.tanh(rows[5].astype(float) @ w[0] + w[1]) @ w[2] + w[3] - target
        return e @ inverse @ e / 16 + 0.05 * ((w[0] ** 2).sum() + (w[2] ** 2).sum())

    found = gradient(weights, sample, 5, rows[5], target.astype(np.float32), 0.1)
    plain = [np.asarray(w, dtype=float) for w in weights]
    for part, own in enumerate(found):
        for index in np.ndindex(np.shape(plain[part])):
            up, down = ([w.copy() for w in plain] for _ in range(2))
            up[part][index] += 1e-5
            down[part][index] -= 1e-5
            assert own[index] == pytest.approx((loss(up) - loss(down)) / 2e-5, abs=2e-4)


def test_tiles_that_are_not_whole_move_nothing():
    _, rows, _, sample = made()
    use = sample.use.copy()
    use[5, 2] = False
    part = Sample(rows, sample.values, use, sample.tiles, sample.whiteners)
    moved = part.moved(5, np.ones(8, np.float32))
    assert not moved[:4].any()
    assert moved[4:].any()


def test_errors_that_go_together_are_weighed_as_such():
    """y = x β + a level that a tile shares in a month: generalised least squares knows better than ordinary."""
    rng, months, cells = np.random.default_rng(3), 120, 12
    x = rng.normal(size=(months, cells, 1)) + 2.0 * rng.normal(size=(months, 1, 1))
    y = 0.2 * x[..., 0] + 3.0 * rng.normal(size=(months, 1)) + 0.3 * rng.normal(size=(months, cells))
    covariance = 9.0 + 0.09 * np.eye(cells)
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))

    def slope(whiteners):
        sample = Sample(x.astype(np.float32), y, np.ones(y.shape, bool), (cells,), whiteners)
        mean, deviation = np.zeros(1, np.float32), np.full(1, 5.0, np.float32)
        weights = descend(sample, Weights.drawn(1, 6, rng), mean, deviation, 1e-5, rng)
        network = Perceptrons(mean, deviation, np.array(sample.scale), *(np.asarray(w)[None] for w in weights))
        return (network(np.array([[1.0]])) - network(np.array([[-1.0]])))[0] / 2

    assert abs(slope((whitener,)) - 0.2) < 0.05
    assert abs(slope((whitener,)) - 0.2) < abs(slope((np.eye(cells),)) - 0.2)
