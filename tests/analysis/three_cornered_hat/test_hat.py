"""The three-cornered hat against known errors, closed forms and the published optimisation by SciPy's SLSQP."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from gwkeras.analysis.three_cornered_hat.covariances import best_weights, classical, depends, difference_covariance, generalised
from gwkeras.analysis.three_cornered_hat.record import Products, hat
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.grid import Grid


def published(s: np.ndarray) -> np.ndarray:
    """Premoli & Tavella's problem as Ferreira et al. (2016) put it, started and solved as they say."""
    count = len(s) + 1
    u, inverse = np.ones(count - 1), np.linalg.inv(s)
    k = np.linalg.det(s) ** (1 / (count - 1))

    def objective(r):
        total = sum(r[i] ** 2 for i in range(count - 1))
        total += sum((s[i, j] - r[-1] + r[i] + r[j]) ** 2 for i in range(count - 1) for j in range(i + 1, count - 1))
        return total / k**2

    def constraint(r):
        away = r[:-1] - r[-1] * u
        return (r[-1] - away @ inverse @ away) / k

    start = np.r_[np.zeros(count - 1), 1 / (2 * u @ inverse @ u)]
    found = minimize(
        objective,
        start,
        method="SLSQP",
        constraints=[{"type": "ineq", "fun": constraint}],
        options={"ftol": 1e-14, "maxiter": 500},
    ).x
    inner = s - found[-1] + found[:-1, None] + found[None, :-1]
    return np.block([[inner, found[:-1, None]], [found[None, :-1], found[-1:, None]]])


def series(errors, months=4000, seed=0, common=0.0):
    """(N, months) of one signal with white errors of given sizes, a part of them in common to the first two."""
    rng = np.random.default_rng(seed)
    signal = 60 * np.sin(np.arange(months) / 7)
    noise = rng.normal(size=(len(errors), months)) * np.array(errors)[:, None]
    shared = rng.normal(size=months) * common
    noise[:2] += shared
    return signal + noise


@pytest.mark.parametrize("errors", [(5.0, 10.0, 15.0), (5.0, 10.0, 15.0, 8.0)])
def test_known_errors_within_five_percent(errors):
    covariance = difference_covariance(series(errors, months=20_000))
    found = np.sqrt(np.diag(generalised(covariance)))
    assert found == pytest.approx(errors, rel=0.05)


def test_of_240_months_they_are_right_on_average():
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(400, 3, 240)) * np.array([5.0, 10.0, 15.0])[:, None]
    found = np.diagonal(generalised(difference_covariance(drawn)), axis1=1, axis2=2).mean(axis=0)
    assert np.sqrt(found) == pytest.approx([5.0, 10.0, 15.0], rel=0.05)


def test_three_products_have_the_closed_form():
    x = series((5.0, 10.0, 15.0), months=300)
    variance = {(i, j): np.var(x[i] - x[j], ddof=1) for i in range(3) for j in range(3)}
    v12, v13, v23 = variance[0, 1], variance[0, 2], variance[1, 2]
    expected = [(v12 + v13 - v23) / 2, (v12 + v23 - v13) / 2, (v13 + v23 - v12) / 2]
    covariance = difference_covariance(x)
    assert classical(covariance) == pytest.approx(expected)
    assert np.diag(generalised(covariance)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("errors", "common"), [((3.0, 4.0, 20.0), 15.0), ((2.0, 2.0, 6.0, 9.0), 8.0), ((5.0, 10.0, 15.0, 8.0), 0.0)]
)
def test_the_published_optimisation_finds_the_same(errors, common):
    covariance = difference_covariance(series(errors, months=200, common=common))
    expected = published(covariance)
    found = generalised(covariance)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3 * np.abs(expected).max())


def test_positive_where_the_classical_form_is_negative():
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(200, 3, 120)) * np.array([4.0, 5.0, 6.0])[:, None]
    drawn[:, 1] += 1.0 * drawn[:, 2]  # errors of the second hold those of the third
    covariance = difference_covariance(drawn)
    negative = (classical(covariance) < 0).any(axis=1)
    assert negative.mean() > 0.3
    errors = generalised(covariance)
    assert (np.diagonal(errors, axis1=1, axis2=2) > 0).all()
    assert (np.linalg.eigvalsh(errors)[:, 0] > -1e-6 * np.trace(errors, axis1=1, axis2=2)).all()


def test_the_reference_does_not_matter():
    x = series((3.0, 4.0, 20.0, 9.0), months=200, common=10.0)
    order = [2, 0, 3, 1]
    found = np.diag(generalised(difference_covariance(x)))
    again = np.diag(generalised(difference_covariance(x[order])))
    assert again == pytest.approx(found[order], rel=1e-3)


def test_a_mean_of_products_is_no_product():
    x = series((5.0, 10.0, 15.0), months=100)
    assert not depends(difference_covariance(x))
    assert depends(difference_covariance(np.vstack([x, (x[0] + x[1]) / 2])))


def test_weights_are_inverse_variances():
    assert best_weights(np.diag([1.0, 4.0])) == pytest.approx([0.8, 0.2])


GRID = Grid(0.0, 0.0, 1.0, 1.0, 2, 3)


def products(errors=(5.0, 10.0, 15.0), months=600):
    rng = np.random.default_rng(9)
    signal = 50 * rng.normal(size=(months, 6))
    values = np.stack([signal + size * rng.normal(size=signal.shape) + 100 * k for k, size in enumerate(errors)])
    values[0, :, 5] = np.nan
    names = tuple("abcdef"[: len(errors)])
    return Products(names, np.arange(months), values.astype(np.float32), GRID)


def test_a_record():
    given = products()
    found = hat(given, baseline=(0, 599))
    data = found.data
    assert data["sigma_cells"].values == pytest.approx([5.0, 10.0, 15.0], rel=0.1)
    size = np.abs(given.values[1, :, :5] - given.values[1, :, :5].mean(axis=0)).mean()
    assert data["sigma_cells_relative"].values[1] == pytest.approx(data["sigma_cells"].values[1] / size, rel=0.02)
    assert np.isnan(data["sigma"].values[:, 1, 2]).all()
    weights = data["weight"].values[:, 0, 0]
    inverse = 1 / data["sigma"].values[:, 0, 0] ** 2
    assert weights == pytest.approx(inverse / inverse.sum())
    whole = (data["tws"].values[:, 0, 0]).std()
    assert whole == pytest.approx(50.0, rel=0.1)
    assert data["tws"].values[:, :, :2].mean() == pytest.approx(0.0, abs=1e-3)
    # The mean of independent errors of 5, 10 and 15 mm, weighted by inverse variances: (Σ 1/σ²)^(-1/2)
    assert np.nanmean(data["tws_sigma"].values) == pytest.approx((1 / 25 + 1 / 100 + 1 / 225) ** -0.5, rel=0.1)


def test_the_best_two():
    found = hat(products(), best=2)
    assert np.nanmax(found.data["weight"].values[2]) == 0.0
    assert any("made of a, b" in note for note in found.notes)


def test_products_that_share_data_are_named():
    given = products()
    given.values[1] = given.values[0] + np.random.default_rng(1).normal(size=given.values[0].shape)
    given.values[1, :, 5] = 0.0
    found = hat(given)
    assert any(note.startswith("a and b differ by") for note in found.notes)


def test_bad_products():
    with pytest.raises(BadInput, match="at least 3 products"):
        hat(products((5.0, 10.0)))
    with pytest.raises(MissingMonths, match="24 months"):
        hat(products(months=20))
    copied = products((5.0, 10.0, 15.0, 20.0))
    copied.values[3] = (copied.values[1] + copied.values[2]) / 2
    with pytest.raises(BadInput, match="a copy or a mean of others"):
        hat(copied)
    with pytest.raises(BadInput, match="--best"):
        hat(products(), best=4)
