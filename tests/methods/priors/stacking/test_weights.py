"""Weights from sums: closed forms, limits, and what is not believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.methods.priors.stacking.weights import HeldOut, solve_weights, weigh


def held_out(values, predictions, folds, places):
    """Sums of parts given cell by cell: values (part, k), predictions (n, part, k)."""
    return HeldOut(
        np.einsum("npk,mpk->pnm", predictions, predictions),
        np.einsum("npk,pk->pn", predictions, values),
        (values**2).sum(axis=1),
        np.asarray(folds),
        np.asarray(places),
    )


def parts_of(rng, *priors, parts=12, cells=400, noise=1.0):
    """`priors`: weights of the truth's two ingredients in each prior."""
    ingredients = rng.normal(size=(2, parts, cells))
    values = ingredients.sum(axis=0) + noise * rng.normal(size=(parts, cells))
    predictions = np.stack([np.tensordot(share, ingredients, axes=1) for share in priors])
    return held_out(values, predictions, np.arange(parts) % 3, np.arange(parts))


def test_one_prior_that_is_twice_too_large_weighs_one_half():
    assert solve_weights(np.array([[4.0]]), np.array([2.0])) == pytest.approx([0.5])


def test_two_priors_by_hand():
    # min 2a² + 2ab + b² − 2·(3a + 2b)/… : A w = b has the solution (1/4, 1/2)
    gram, weights = np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([0.25, 0.5])
    assert solve_weights(gram, gram @ weights) == pytest.approx(weights)


def test_weights_together_are_at_most_one():
    # Without the limit both would weigh 1; by symmetry each weighs a half.
    assert solve_weights(np.eye(2), np.ones(2)) == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_prior_that_goes_the_wrong_way_weighs_nothing():
    assert solve_weights(np.eye(2), np.array([-1.0, 0.3])) == pytest.approx([0.0, 0.3])


def test_copies_of_one_prior_do_no_harm():
    weights = solve_weights(np.ones((3, 3)), np.full(3, 0.6))
    assert weights.sum() == pytest.approx(0.6)


@given(st.integers(1, 5), st.integers(0, 1000))
def test_no_other_weights_within_the_limits_miss_less(n, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n + 2, n))
    gram, moment = root.T @ root, rng.normal(size=n)
    best = solve_weights(gram, moment)
    assert (best >= 0).all()
    assert best.sum() <= 1 + 1e-6

    def missed(weights):
        return np.einsum("...n,nm,...m->...", weights, gram, weights) - 2 * weights @ moment

    others = rng.dirichlet(np.ones(n + 1), size=2000)[:, :n]
    assert missed(best) <= missed(others).min() + 0.05 * np.abs(gram).max()  # weights below 0.02 are dropped


def test_each_prior_gets_what_it_alone_tells():
    found = weigh(parts_of(np.random.default_rng(0), (1.0, 0.0), (0.0, 2.0)))
    # The truth is the sum; the second tells it twice as large: 1 and 1/2, cut to a sum of 1 at equal Lagrangian.
    assert found.values[0] > found.values[1] > 0.2
    assert found.values.sum() == pytest.approx(1.0, abs=1e-6)
    # Power: 1 + 1 + 1, of which each explains 1.
    assert found.alone == pytest.approx([1 / 3, 1 / 3], abs=0.04)


def test_a_prior_of_noise_is_not_believed():
    rng = np.random.default_rng(1)
    values, noise = rng.normal(size=(12, 400)), rng.normal(size=(1, 12, 400))
    found = weigh(held_out(values, noise, np.arange(12) % 3, np.arange(12)))
    assert not found.values.any()
    assert abs(found.gain) < 0.01


def test_a_gain_in_one_place_alone_is_not_believed():
    rng = np.random.default_rng(2)
    values, noise = rng.normal(size=(12, 400)), 0.5 * rng.normal(size=(1, 12, 400))
    noise[0, 0] = values[0]
    found = weigh(held_out(values, noise, np.arange(12) % 3, np.arange(12)))
    assert found.gain < 2 * found.gain_error
    assert not found.values.any()
