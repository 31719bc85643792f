from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from gwkeras.core.errors import BadInput
from gwkeras.methods.updates.kriging.covariance.mixture import (
    LENGTHS_KM,
    Covariance,
    cell_spread_km2,
    mixture,
    point_spread_km,
    shares,
)


def test_the_shares_of_two_slopes_by_hand():
    # Seven octaves: slope 0 gives each a seventh; slope 1 gives 1, 2, 4 … 64 parts of 127.
    np.testing.assert_allclose(shares(0.0), np.full(7, 1 / 7))
    np.testing.assert_allclose(shares(1.0), 2.0 ** np.arange(7) / 127)


def test_the_variogram_grows_with_the_slope():
    # γ(d) ∝ d^slope well inside the range of the lengths: doubling the distance multiplies it by 2^slope.
    covariance = Covariance(1.0, 1.0)
    variogram = 1.0 - covariance(np.array([80.0, 160.0]))
    assert variogram[1] / variogram[0] == pytest.approx(2.0, rel=0.06)


def test_mixture_is_the_sum_of_exponentials():
    amplitudes = np.arange(1.0, 8.0)
    distance = np.linspace(0.0, 3000.0, 50)
    expected = sum(a * np.exp(-(distance**2) / (2 * length**2)) for a, length in zip(amplitudes, LENGTHS_KM, strict=True))
    np.testing.assert_allclose(mixture(amplitudes, distance**2), expected, rtol=1e-11, atol=1e-14)


def test_half_of_the_weight_at_the_radius():
    p = point_spread_km(250.0)
    assert np.exp(-(250.0**2) / (2 * p**2)) == pytest.approx(0.5, abs=1e-12)
    assert p == pytest.approx(212.33, abs=0.01)


def test_blurring_by_a_gaussian_is_exact_in_the_plane():
    # Independent: a Gaussian mean of C(|x − d|) over the plane, by quadrature in both directions.
    covariance, p, distance = Covariance(100.0, 0.4), 80.0, 150.0

    def weighted(y, x):
        weight = np.exp(-(x * x + y * y) / (2 * p * p)) / (2 * np.pi * p * p)
        return weight * float(covariance(np.array(np.hypot(x - distance, y))))

    found, _ = integrate.dblquad(weighted, -8 * p, 8 * p, -8 * p, 8 * p, epsabs=1e-6)
    assert float(covariance(np.array(distance), p * p)) == pytest.approx(found, abs=2e-4)


@pytest.mark.parametrize(("slope", "allowed"), [(-0.3, 0.05), (0.3, 0.02), (1.0, 0.005)])
def test_a_cell_as_a_gaussian_is_close_but_not_exact(slope, allowed):
    """Closed form for the mean over a 55 km cell at its own centre: good where the covariance is smooth.

    That is why cells are averaged over their fine centres and the closed form is not used for them.
    """
    covariance, side = Covariance(1.0, slope), 55.0
    offsets = (np.arange(200) + 0.5) / 200 * side - side / 2
    numeric = covariance(np.hypot(offsets[:, None], offsets[None])).mean()
    closed = float(covariance(np.array(0.0), cell_spread_km2(side)))
    assert abs(closed / numeric - 1) < allowed
    assert abs(closed / numeric - 1) > allowed / 20


@pytest.mark.parametrize(("variance", "slope"), [(0.0, 0.0), (np.nan, 0.0), (1.0, 2.0), (1.0, -1.5)])
def test_what_is_no_covariance(variance, slope):
    with pytest.raises(BadInput, match="a positive variance and a slope"):
        Covariance(variance, slope)
