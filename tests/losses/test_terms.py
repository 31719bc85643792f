"""Each term on 2 × 2 fields worked by hand, its gradient, and what it must not depend on."""

import math

import numpy as np
import pytest
from keras import ops
from scipy import integrate, stats

from gwkeras.losses.data import beta_nll, crps, nll
from gwkeras.losses.magnitude import magnitude
from gwkeras.losses.masked import masked_mean
from gwkeras.losses.regional import regional
from gwkeras.losses.sign import sign_hinge, sign_share
from gwkeras.losses.smoothness import smoothness
from tests.gradients import gradient


def field(*rows):
    return ops.convert_to_tensor(np.array(rows, dtype="float32")[None, ..., None])


def mask(*rows):
    return ops.convert_to_tensor(np.array(rows, dtype=bool)[None, ..., None])


def number(values):
    return pytest.approx(float(ops.convert_to_numpy(values)[0]), rel=1e-5, abs=1e-6)


ALL = mask([1, 1], [1, 1])
TARGET, MEAN, VARIANCE, KNOWN = field([1, 1], [0, 7]), field([0, 1], [2, 0]), field([1, 4], [1, 1]), mask([1, 1], [1, 0])


def test_nll_by_hand():
    assert number(nll(TARGET, MEAN, VARIANCE, KNOWN)) == (0.5 + 0.5 * math.log(4) + 2) / 3


def test_beta_nll_by_hand_and_between_its_limits():
    assert number(beta_nll(TARGET, MEAN, VARIANCE, KNOWN, 0.5)) == (0.5 + 2 * 0.5 * math.log(4) + 2) / 3
    assert number(beta_nll(TARGET, MEAN, VARIANCE, KNOWN, 0.0)) == float(
        ops.convert_to_numpy(nll(TARGET, MEAN, VARIANCE, KNOWN))[0]
    )


def test_beta_one_gives_the_mean_the_gradient_of_a_squared_error():
    found = gradient(lambda mean: ops.sum(beta_nll(TARGET, mean, VARIANCE, ALL, 1.0)), MEAN)
    np.testing.assert_allclose(found[0, ..., 0], np.array([[0 - 1, 0], [2, 0 - 7]]) / 4, rtol=1e-5)


def test_nll_is_least_at_the_observed_error():
    found = gradient(lambda variance: ops.sum(nll(field([2.0]), field([0.0]), variance, mask([1]))), field([4.0]))
    assert found == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(("mu", "sigma", "y"), [(0, 1, 0.3), (2, 3, -4), (0, 0.5, 2)])
def test_crps_is_its_integral(mu, sigma, y):
    expected = integrate.quad(lambda x: (stats.norm.cdf(x, mu, sigma) - (x >= y)) ** 2, -40, 40, points=[y], limit=200)[0]
    assert number(crps(field([y]), field([mu]), field([sigma**2]), mask([1]))) == expected


def test_sign_by_hand_exceeds_one_as_in_the_papers_table_5_and_printed_form_cannot():
    change, water = field([1, -2], [3, -4]), field([1, 1], [-1, -1])
    assert number(sign_hinge(change, water, ALL)) == 5 / 4
    assert number(sign_share(change, water, ALL)) == 2 / 4
    assert number(sign_hinge(change, water, mask([1, 1], [0, 0]))) == 1
    assert number(sign_hinge(change, 0 * water, ALL)) == 0


def test_sign_trains_where_it_is_violated_and_nowhere_else():
    water = field([1, 1], [-1, -1])
    change = field([1, -2], [3, -4])
    found = gradient(lambda value: ops.sum(sign_hinge(value, water, ALL)), change)
    np.testing.assert_allclose(found[0, ..., 0], [[0, -0.25], [0.25, 0]])
    assert not gradient(lambda value: ops.sum(sign_share(value, water, ALL) + 0 * value), change).any()


def test_magnitude_by_hand():
    change, water = field([1, 3], [1, 3]), field([0, 0], [4, 4])  # σ = 1 and 2
    assert number(magnitude(change, water, ALL)) == (1 + 9 + 1 + 1) / 4
    assert number(magnitude(change, water, ALL, centred=True)) == 2  # uncorrelated: 2 (1 − 0)
    assert number(magnitude(change, 5 * change + 1, ALL, centred=True)) == 0


def test_magnitude_invariances():
    rng = np.random.default_rng(0)
    change, water = (field(*rng.normal(size=(5, 6))) for _ in range(2))
    some = ops.convert_to_tensor(rng.random((1, 5, 6, 1)) > 0.3)
    plain, centred = (float(ops.convert_to_numpy(magnitude(change, water, some, centred=c))[0]) for c in (False, True))
    assert number(magnitude(3 * change, 7 * water, some)) == plain
    assert number(magnitude(change + 9, water, some, centred=True)) == pytest.approx(centred, rel=1e-4)
    assert number(magnitude(change + 9, water, some)) != pytest.approx(plain, rel=1e-2)
    values, weights = (ops.convert_to_numpy(a)[0, ..., 0][ops.convert_to_numpy(some)[0, ..., 0]] for a in (change, water))
    assert centred == pytest.approx(2 * (1 - np.corrcoef(values, weights)[0, 1]), rel=1e-4)


def test_uniform_fields_give_finite_magnitude_and_gradient():
    flat = field([0, 0], [0, 0])
    assert np.isfinite(gradient(lambda value: ops.sum(magnitude(value, flat + 1, ALL)), flat)).all()


def test_magnitude_does_not_train_scale_or_sea():
    rng = np.random.default_rng(1)
    change, water = (field(*rng.normal(size=(4, 4))) for _ in range(2))
    some = ops.convert_to_tensor(rng.random((1, 4, 4, 1)) > 0.3)
    found = gradient(lambda value: ops.sum(magnitude(value, water, some)), change)
    assert abs(np.sum(found * ops.convert_to_numpy(change))) < 1e-5  # no gradient along the field itself (its scale)
    assert np.abs(found[ops.convert_to_numpy(some)]).min() > 0
    assert not found[~ops.convert_to_numpy(some)].any()


def test_regional_by_hand():
    change, water = field([1, 3, 8], [0, 0, 2]), field([0, 0, 0], [0, 4, 0])
    weights = field([1, 1, 1], [1, 1, 0])
    # blocks of two: |1 + 3 + 0 − 4| / 4 = 0 with weight 4, and 8 with weight 1 (its other cells are sea or outside)
    assert number(regional(change, water, weights, 2)) == 8 / 5
    assert number(regional(change, water, weights, 1)) == (1 + 3 + 8 + 0 + 4) / 5
    assert number(regional(change, water, weights, 32)) == (12 - 4) / 5
    assert number(regional(change, water, 0 * weights, 2)) == 0


def test_regional_trains_the_blocks_mean_only():
    rng = np.random.default_rng(2)
    change, zero = field(*rng.normal(size=(4, 4)) + 5), field(*np.zeros((4, 4)))
    found = gradient(lambda value: ops.sum(regional(value, zero, zero + 1, 4)), change)
    np.testing.assert_allclose(found, 1 / 16, rtol=1e-5)


def test_smoothness_by_hand():
    values = field([0, 1], [3, 5])
    assert number(smoothness(values, ALL)) == (9 + 16 + 1 + 4) / 4
    assert number(smoothness(values, ALL, "absolute")) == (3 + 4 + 1 + 2) / 4
    assert number(smoothness(values, KNOWN)) == (9 + 1) / 3
    assert number(smoothness(values + 100, ALL)) == pytest.approx(7.5, rel=1e-4)
    found = gradient(lambda value: ops.sum(smoothness(value, KNOWN)), values)
    np.testing.assert_allclose(found[0, ..., 0], np.array([[-2 * 3 - 2 * 1, 2], [6, 0]]) / 3, rtol=1e-5)


def test_padding_changes_no_term():
    rng = np.random.default_rng(3)
    a, b, variance, weights = (rng.random((1, 4, 4, 1)).astype("float32") + 0.1 for _ in range(4))
    some = rng.random((1, 4, 4, 1)) > 0.3
    terms = {
        "nll": lambda a, b, v, w, m: nll(a, b, v, m),
        "beta": lambda a, b, v, w, m: beta_nll(a, b, v, m),
        "crps": lambda a, b, v, w, m: crps(a, b, v, m),
        "sign": lambda a, b, v, w, m: sign_hinge(a - 0.5, b, m),
        "magnitude": lambda a, b, v, w, m: magnitude(a, b, m, centred=True),
        "smoothness": lambda a, b, v, w, m: smoothness(a, m),
        "regional": lambda a, b, v, w, m: regional(a, b, ops.where(m, w, 0.0), 2),
    }

    def padded(values, fill):
        return np.pad(values, ((0, 0), (0, 2), (0, 4), (0, 0)), constant_values=fill)

    for name, term in terms.items():
        bare = term(*map(ops.convert_to_tensor, (a, b, variance, weights, some)))
        wide = term(
            *map(
                ops.convert_to_tensor, (padded(a, 9), padded(b, -9), padded(variance, 2), padded(weights, 3), padded(some, False))
            )
        )
        np.testing.assert_allclose(ops.convert_to_numpy(wide), ops.convert_to_numpy(bare), rtol=1e-5, err_msg=name)


def test_a_sample_without_cells_counts_nothing():
    assert number(masked_mean(field([1, 2]), mask([0, 0]))) == 0
