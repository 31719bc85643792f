"""The transform against the Kalman filter's own formulas, and its taper against the published polynomial."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.ensemble.analysis import gaspari_cohn, transform
from gwkeras.methods.updates.ensemble.localised import Localised, Observed


def kalman(mean, covariance, operator, noise, observed):
    gain = covariance @ operator.T @ np.linalg.inv(operator @ covariance @ operator.T + noise)
    return mean + gain @ (observed - operator @ mean), covariance - gain @ operator @ covariance


@given(st.integers(0, 1000))
def test_members_have_the_kalman_filters_mean_and_covariance(seed):
    rng = np.random.default_rng(seed)
    members, state, seen = 12, 5, 3
    values = rng.normal(size=(members, state)) @ rng.normal(size=(state, state))
    operator, root = rng.normal(size=(seen, state)), rng.normal(size=(seen, seen))
    noise, observed = root @ root.T + np.eye(seen), rng.normal(size=seen)
    mean, covariance = values.mean(axis=0), np.cov(values.T)
    expected_mean, expected_covariance = kalman(mean, covariance, operator, noise, observed)
    departures = values - mean
    weights = transform(departures @ operator.T, observed - operator @ mean, np.linalg.inv(noise))
    after = mean + weights.T @ departures
    assert after.mean(axis=0) == pytest.approx(expected_mean, abs=1e-9)
    assert np.cov(after.T) == pytest.approx(expected_covariance, abs=1e-9)


def test_many_members_of_a_linear_gaussian_model_go_as_the_kalman_filter_does():
    """x' = A x + N(0, Q), seen with N(0, R), for eight months; 500 members tell a mean to a twentieth of their spread."""
    rng, members = np.random.default_rng(3), 500
    step, q, operator, noise = np.array([[0.8, 0.3], [0.0, 0.9]]), np.diag([0.5, 0.2]), np.array([[1.0, 1.0]]), np.array([[0.7]])
    values, mean, covariance = rng.normal(size=(members, 2)), np.zeros(2), np.eye(2)
    for observed in rng.normal(0.0, 1.5, size=(8, 1)):
        mean, covariance = step @ mean, step @ covariance @ step.T + q
        values = values @ step.T + rng.normal(size=values.shape) * np.sqrt(np.diag(q))
        mean, covariance = kalman(mean, covariance, operator, noise, observed)
        own = values.mean(axis=0)
        departures = values - own
        values = own + transform(departures @ operator.T, observed - operator @ own, np.linalg.inv(noise)).T @ departures
        assert values.mean(axis=0) == pytest.approx(mean, abs=4 * np.sqrt(covariance.max() / members))
    assert np.cov(values.T) == pytest.approx(covariance, abs=0.2 * covariance.max())


def test_the_taper_is_the_polynomial_of_gaspari_and_cohn():
    z = np.array([0.5, 1.5])
    near = -0.25 * z[0] ** 5 + 0.5 * z[0] ** 4 + 0.625 * z[0] ** 3 - 5 / 3 * z[0] ** 2 + 1
    far = z[1] ** 5 / 12 - 0.5 * z[1] ** 4 + 0.625 * z[1] ** 3 + 5 / 3 * z[1] ** 2 - 5 * z[1] + 4 - 2 / (3 * z[1])
    assert gaspari_cohn(z) == pytest.approx([near, far], abs=1e-12)
    assert not gaspari_cohn(np.array([2.0, 2.5, 40.0])).any()


GRID = Grid(10.0, 20.0, 0.25, 0.25, 24, 24)


def seen_at(cells):
    return GRID.positions_km(np.asarray(cells))


def test_far_from_all_observations_nothing_changes():
    rng = np.random.default_rng(0)
    departures = rng.normal(size=(8, *GRID.shape)).astype(np.float32)
    departures -= departures.mean(axis=0)
    localised = Localised(GRID, Observed(seen_at([[2, 2]]), np.array([[0.5]])), 60.0)
    weights = localised.transforms(departures[:, 2, 2][:, None].astype(float), np.array([3.0]))
    after = localised.apply(weights, departures)
    assert after[:, 20:, 20:] == pytest.approx(departures[:, 20:, 20:], abs=1e-5)
    assert np.abs(after[:, :4, :4] - departures[:, :4, :4]).max() > 0.1


def test_with_a_taper_as_wide_as_the_world_every_cell_has_the_global_transform():
    rng = np.random.default_rng(1)
    departures = rng.normal(size=(8, *GRID.shape)).astype(np.float32)
    departures -= departures.mean(axis=0)
    cells = np.array([[3, 4], [12, 20], [21, 9]])
    seen, missed = departures[:, cells[:, 0], cells[:, 1]].astype(float), np.array([1.0, -2.0, np.nan])
    localised = Localised(GRID, Observed(seen_at(cells), np.diag([0.5, 1.0, 2.0])), 1e5)
    after = localised.apply(localised.transforms(seen, missed), departures)
    whole = transform(seen[:, :2], missed[:2], np.diag([2.0, 1.0]))
    assert after == pytest.approx(np.tensordot(whole.T, departures, axes=1), abs=2e-3)
