"""Diagnostics of local coefficients against the n × n matrices that they are defined by, and p-values against chance."""

import numpy as np
import pytest

from gwkeras.regression.diagnostics import diagnose
from gwkeras.regression.least_squares import CollinearPredictors, Scaling, least_squares
from gwkeras.regression.variation import rise_of_error


def made(n=40, seed=0):
    rng = np.random.default_rng(seed)
    design = np.hstack([rng.normal(size=(n, 2)), np.ones((n, 1))])
    weights = 1 + 0.3 * rng.normal(size=(n, 3))
    values = design @ [2.0, -1.0, 5.0] + rng.normal(size=n)
    beta, inverse = least_squares(design, values)
    return design, inverse, weights, values, beta


def test_traces_and_tests_are_those_of_the_whole_matrices():
    design, inverse, weights, values, _ = made()
    n = len(values)
    hat, smoother = design @ inverse @ design.T, (design * weights) @ inverse @ design.T
    fitted = smoother @ values
    found = diagnose(design, inverse, weights, values, fitted)
    left = (np.eye(n) - smoother).T @ (np.eye(n) - smoother)
    local, alone = values @ left @ values, values @ (np.eye(n) - hat) @ values
    beyond = np.eye(n) - hat - left
    assert found.effective_parameters == pytest.approx(np.trace(smoother))
    assert found.f1 == pytest.approx((local / np.trace(left)) / (alone / (n - 3)))
    assert np.trace(beyond) == pytest.approx(-(np.linalg.norm(smoother - hat) ** 2))
    assert found.f2 == pytest.approx((values @ beyond @ values / -np.trace(beyond)) / (alone / (n - 3)))
    assert found.r2 == pytest.approx(1 - local / ((values - values.mean()) ** 2).sum())
    s = np.trace(smoother)
    assert found.aicc == pytest.approx(n * (np.log(2 * np.pi * local / n) + (n + s) / (n - s - 2)))

    from scipy.stats import f

    delta1, delta2 = np.trace(left), np.trace(left @ left)
    assert found.f1_p == pytest.approx(f.cdf(found.f1, delta1**2 / delta2, n - 3))
    assert found.f2_p == pytest.approx(f.sf(found.f2, np.trace(beyond) ** 2 / np.trace(beyond @ beyond), n - 3))


def test_f3_is_that_of_the_whole_matrices_and_says_nothing_of_the_weights():
    """Leung et al. 2000, equations 17 to 21, coefficient by coefficient; other weights with the same residuals give the same."""
    design, inverse, weights, values, beta = made()
    n = len(values)
    smoother = (design * weights) @ inverse @ design.T
    found = diagnose(design, inverse, weights, values, smoother @ values)
    left = (np.eye(n) - smoother).T @ (np.eye(n) - smoother)
    delta1, delta2 = np.trace(left), np.trace(left @ left)
    noise = values @ left @ values / delta1

    from scipy.stats import f

    centre = np.eye(n) - np.ones((n, n)) / n
    for k in range(3):
        to_local = np.outer(weights[:, k], inverse[k] @ design.T)
        local = to_local @ values
        np.testing.assert_allclose(local, weights[:, k] * beta[k])
        gamma = to_local.T @ centre @ to_local / n
        f3 = local @ centre @ local / n / np.trace(gamma) / noise
        assert found.f3[k] == pytest.approx(f3)
        assert found.f3_p[k] == pytest.approx(f.sf(f3, np.trace(gamma) ** 2 / np.trace(gamma @ gamma), delta1**2 / delta2))
        assert found.f3[k] == pytest.approx(beta[k] ** 2 / (inverse[k, k] * noise))  # t²: no weight in it


def test_a_variation_that_tells_something_is_missed_on_rows_held_out():
    """y = w x₁ + x₂ with w of ±1: without w's variation the error rises from 0.01 to 1.01, without that of x₂ not at all."""
    sign = np.repeat([-1.0, 1.0], 500)
    design = np.stack([np.ones(1000), np.ones(1000)], axis=1)
    errors = 0.1 * np.tile([-1.0, 1.0], 500)
    local = np.stack([sign, np.ones(1000)], axis=1)
    rise = rise_of_error(design, local, sign + 1 + errors, np.array([0.0, 1.0]))
    assert rise == pytest.approx([100.0, 0.0])
    assert np.isnan(rise_of_error(design, local, sign + 1, np.zeros(2))).all()


def test_weights_of_one_are_least_squares_itself():
    design, inverse, _, values, beta = made()
    found = diagnose(design, inverse, np.ones_like(design), values, design @ beta)
    assert found.effective_parameters == pytest.approx(3)
    assert found.f1 == pytest.approx(1)
    assert found.r2 == pytest.approx(found.r2_least_squares)
    assert np.isnan([found.f2, *found.f3, *found.f3_p]).all()


def test_least_squares_are_scikit_learns():
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(1)
    predictors = rng.normal(size=(200, 4)) * [1, 100, 1e-3, 5] + [0, 3000, 1, -2]
    values = predictors @ [1.0, 0.02, 300.0, -4.0] + rng.normal(size=200)
    scaling = Scaling.of(predictors)
    raw = scaling.in_raw_units(least_squares(scaling(predictors), values)[0])
    known = LinearRegression().fit(predictors, values)
    np.testing.assert_allclose(raw, [*known.coef_, known.intercept_], rtol=1e-8)


def test_collinear_predictors_are_said():
    x = np.random.default_rng(0).normal(size=(30, 1))
    design = np.hstack([x, 2 * x, np.ones((30, 1))])
    with pytest.warns(CollinearPredictors, match="1 of 2 predictors are linear combinations"):
        beta, inverse = least_squares(design, 3 * x[:, 0] + 1)
    np.testing.assert_allclose(beta, [0.6, 1.2, 1.0])  # the shortest of all with b₁ + 2 b₂ = 3
    assert np.trace(inverse @ design.T @ design) == pytest.approx(2)


def test_values_that_least_squares_tell_whole_leave_nothing_to_test():
    design, inverse, weights, _, _ = made()
    found = diagnose(design, inverse, weights, 3 * design[:, 0], 3 * design[:, 0])
    assert found.r2_least_squares == pytest.approx(1)
    assert np.isnan([found.f1, found.f1_p, found.f2]).all()
