"""SSVAER's bound against the log evidence of a linear Gaussian model, which is known in closed form."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from gwkeras.layers.variational.negative_bound import NegativeBound

W = np.array([[1.0, 0.3], [-0.5, 0.8], [0.2, -1.1]])  # decoder, x = W z + noise
S2 = 0.4
DRAWS = 40_000


def bound(x, known, y, y_q, z_q, g, seed=0, decoder=W):
    """Mean over draws of q of the layer's bound, and its standard error."""
    rng = np.random.default_rng(seed)
    y_mean, y_log = np.full((DRAWS, 1), y_q[0]), np.full((DRAWS, 1), np.log(y_q[1]))
    z_mean, z_log = np.tile(z_q[0], (DRAWS, 1)), np.tile(np.log(z_q[1]), (DRAWS, 1))
    drawn_y = y_mean + np.exp(y_log / 2) * rng.normal(size=y_mean.shape)
    drawn_z = z_mean + np.exp(z_log / 2) * rng.normal(size=z_mean.shape)
    taken = np.full((DRAWS, 1), y) if known else drawn_y
    x_mean = drawn_z @ decoder.T
    given = (
        np.full((DRAWS, 1), float(known)), np.full((DRAWS, 1), y), y_mean, y_log, z_mean, z_log, taken * g,
        np.tile(x, (DRAWS, 1)), x_mean, np.full((DRAWS, 3), np.log(S2)),
    )  # fmt: skip
    terms = -np.asarray(NegativeBound(dtype="float64")(*given))
    return terms.mean(), terms.std() / np.sqrt(DRAWS)


def evidence(x, known, y, g, decoder=W):
    """log p(x, y), or log p(x): z | y ~ N(g y, 1), y ~ N(0, 1)."""
    noise = S2 * np.eye(3)
    if known:
        return norm.logpdf(y) + multivariate_normal.logpdf(x, decoder @ g * y, decoder @ decoder.T + noise)
    return multivariate_normal.logpdf(x, np.zeros(3), decoder @ (np.outer(g, g) + np.eye(2)) @ decoder.T + noise)


def posterior_of_z(x, mean, decoder):
    """Mean and covariance of z ~ N(mean, 1) given x."""
    precision = np.eye(2) + decoder.T @ decoder / S2
    return np.linalg.solve(precision, mean + decoder.T @ x / S2), np.linalg.inv(precision)


@pytest.mark.parametrize("known", [True, False])
def test_the_bound_is_never_above_the_evidence(known):
    rng = np.random.default_rng(3)
    g = np.array([0.7, -0.4])
    for trial in range(12):
        x, y = rng.normal(size=3), float(rng.normal())
        y_q, z_q = (float(rng.normal()), float(rng.uniform(0.05, 3))), (rng.normal(size=2), rng.uniform(0.05, 3, 2))
        found, error = bound(x, known, y, y_q, z_q, g, trial)
        assert found <= evidence(x, known, y, g) + 4 * error


def test_it_is_the_evidence_where_q_is_the_posterior():
    """With orthogonal columns of the decoder z's components are independent given x; with g = 0 they do not depend on y."""
    decoder = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    x, y, g = np.array([0.5, -1.0, 0.3]), 0.8, np.array([0.6, -0.2])
    for known, slope in ((True, g), (False, 0 * g)):
        mean, covariance = posterior_of_z(x, slope * y, decoder)
        found, error = bound(x, known, y, (0.0, 1.0), (mean, np.diag(covariance)), slope, decoder=decoder)
        assert found == pytest.approx(evidence(x, known, y, slope, decoder), abs=4 * error + 1e-6)


def test_an_overconfident_guess_of_an_unknown_value_costs():
    """The entropy of q(y | x) has the sign that the bound gives it: to be sure of an unknown value lowers the bound."""
    x, z_q = np.array([0.1, 0.2, 0.0]), (np.zeros(2), np.ones(2))
    sure, open_minded = (bound(x, False, 0.0, (0.0, variance), z_q, np.zeros(2))[0] for variance in (0.01, 1.0))
    assert open_minded > sure + 1.0
