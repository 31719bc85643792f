"""Space and time at once against the textbook's matrices of all observations of all months."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.updates.kriging.covariance.patterns import Patterns, lasting
from gwkeras.methods.updates.kriging.selection.held_out_in_time import held_out_in_time

N, MONTHS = 6, np.array([0, 1, 2, 4, 5, 9, 10])


def system(worse=None):
    rng = np.random.default_rng(3)
    root, other = rng.standard_normal((2, N, N))
    signal, noise = 4.0 * root @ root.T, other @ other.T + np.eye(N)
    worse = np.ones(len(MONTHS)) if worse is None else worse
    return signal, noise, lasting(MONTHS, 5.0), worse


def test_what_is_left_is_the_posterior_s_and_has_two_parts():
    """Of patterns' storage, with a month that is three times as noisy: λ − λ² κ = λ α + λ² β, diagonals of dense matrices."""
    signal, noise, together, worse = system(np.array([1.0, 1.0, 3.0, 1.0, 1.0, 1.5, 1.0]))
    found = Patterns.of(signal, noise, together, worse)
    whole = np.linalg.inv(np.kron(signal, together) + np.kron(noise, np.diag(worse)))
    shapes = np.kron(found.shapes.T, np.eye(len(MONTHS)))
    told = shapes @ np.kron(signal, together) @ whole @ np.kron(signal, together) @ shapes.T  # λ² κ
    amounts = found.amounts[:, None]
    np.testing.assert_allclose((amounts**2 * found.told).ravel(), np.diag(told), rtol=1e-6)
    np.testing.assert_allclose(amounts - amounts**2 * found.told, amounts * found.unseen + amounts**2 * found.mistaken, atol=1e-9)
    gain = shapes @ np.kron(signal, together) @ whole
    mistaken = gain @ np.kron(noise, np.diag(worse)) @ gain.T
    np.testing.assert_allclose((amounts**2 * found.mistaken).ravel(), np.diag(mistaken), rtol=1e-6)
    weights = np.full(N, 1 / N)
    by_pattern = mistaken.reshape(N, len(MONTHS), N, len(MONTHS))[np.arange(N), :, np.arange(N)] / amounts[:, :, None] ** 2
    np.testing.assert_allclose(found.mistaken_lags(weights), by_pattern.mean(axis=0), rtol=1e-6)


def test_months_that_tell_nothing_of_one_another():
    """T = 1: κ = 1 / (λ + b)."""
    signal, noise, _, worse = system()
    found = Patterns.of(signal, noise, np.eye(len(MONTHS)), 2.0 * worse)
    np.testing.assert_allclose(found.told, found.told_alone)
    np.testing.assert_allclose(found.told_alone[:, 0], 1 / (found.amounts + 2.0))


def test_another_gain_for_each_pattern():
    """K d′ = C Hᵀ V w Vᵀ d, with K of a month by itself and any C Hᵀ."""
    signal, noise, together, worse = system()
    found, rng = Patterns.of(signal, noise, together, worse), np.random.default_rng(5)
    weights, data, cross = rng.uniform(size=N), rng.standard_normal(N), rng.standard_normal((3, N))
    alone = cross @ np.linalg.solve(signal + noise, found.shown(weights) @ data)
    np.testing.assert_allclose(alone, cross @ found.shapes @ (weights * (found.shapes.T @ data)))


@pytest.mark.parametrize("blocks", [None, np.array([0, 0, 1, 1, 1, 2])])
def test_held_out_in_all_months_by_hand(blocks):
    signal, noise, together, worse = system()
    values = np.random.default_rng(4).standard_normal((N, len(MONTHS)))
    errors, variance = held_out_in_time(Patterns.of(signal, noise, together, worse), values, blocks)
    whole = np.kron(signal, together) + np.kron(noise, np.diag(worse))
    labels = np.repeat(np.arange(N) if blocks is None else blocks, len(MONTHS))
    for label in np.unique(labels):
        out, rest = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        gain = np.linalg.solve(whole[np.ix_(rest, rest)], whole[np.ix_(rest, out)]).T
        np.testing.assert_allclose(errors.ravel()[out], values.ravel()[out] - gain @ values.ravel()[rest], atol=1e-8)
        exact = whole[np.ix_(out, out)] - gain @ whole[np.ix_(rest, out)]
        np.testing.assert_allclose(variance.ravel()[out], np.diag(exact), rtol=1e-8)
