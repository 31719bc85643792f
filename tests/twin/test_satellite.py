import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.twin.satellite import MISSING_MONTHS, gaussian_filter, months_observed, observe_storage


def test_the_record_of_g3p():
    """258 calendar months from 2002-04 to 2023-09, of which 225 were delivered; 206 have their predecessor."""
    months = np.arange("2002-04", "2023-10", dtype="datetime64[M]")
    observed = months_observed(months)
    assert (len(months), observed.sum(), len(set(MISSING_MONTHS))) == (258, 225, 33)
    assert (observed[1:] & observed[:-1]).sum() == 206


def test_without_noise_the_product_is_the_land_mean():
    """Two rows at 60°N: the cell mean weighs the southern row by its greater area, and leaves the sea out."""
    fine = Grid.covering(60, 62, 0, 2, 1.0)
    truth = np.array([[[1.0, np.nan], [4.0, 9.0]]])
    product = observe_storage(
        fine, 2, np.array(["2002-04"], dtype="datetime64[M]"), truth, np.isfinite(truth[0]), noise_mm=0.0, gaussian_km=0.0, seed=0
    )
    south, north = np.sin(np.deg2rad(61)) - np.sin(np.deg2rad(60)), np.sin(np.deg2rad(62)) - np.sin(np.deg2rad(61))
    assert product.storage[0, 0, 0] == pytest.approx((south + north * 13) / (south + 2 * north), rel=1e-6)


def test_noise_is_as_great_as_stated():
    fine = Grid.covering(0, 12, 0, 12, 0.5)
    months = np.arange("2002-08", "2010-12", dtype="datetime64[M]")
    truth = np.zeros((len(months), *fine.shape))
    product = observe_storage(fine, 2, months, truth, np.ones(fine.shape, dtype=bool), noise_mm=5.0, gaussian_km=0.0, seed=2)
    standardised = product.storage / product.uncertainty
    assert np.std(standardised) == pytest.approx(1.0, abs=0.05)
    assert 0.3 < np.mean(standardised[:, :, 1:] * standardised[:, :, :-1]) < 0.8  # neighbours err alike
    assert 3.0 < product.uncertainty.mean() < 8.0


def test_gaussian_filter_halves_the_weight_at_its_radius():
    grid = Grid.covering(-10.5, 10.5, -10.5, 10.5, 1.0)
    values = np.zeros((1, *grid.shape))
    values[0, 10, 10] = 1.0
    spread = gaussian_filter(grid, values, np.ones(grid.shape), 111.195)[0]  # one degree of 6371 km
    assert spread[10, 11] / spread[10, 10] == pytest.approx(0.5, rel=2e-3)
    assert spread[8, 10] / spread[10, 10] == pytest.approx(0.5**4, rel=2e-3)


def test_gaussian_filter_keeps_a_constant_and_ignores_the_sea():
    grid = Grid.covering(40, 46, 0, 6, 0.5)
    land = np.ones(grid.shape)
    land[:, 6:] = 0.0
    values = np.where(land > 0, 7.0, np.nan)[None]
    filtered = gaussian_filter(grid, values, land, 250.0)
    assert filtered[0, :, :6] == pytest.approx(7.0, rel=1e-12)


@pytest.mark.parametrize(("km", "expected"), [(0.0, 0.0), (300.0, float(np.exp(-111.2 / 300.0)))])
def test_noise_is_correlated_over_the_length_asked_for(km, expected):
    """exp(−d / L) between cells of 1° at the equator; none at L = 0."""
    fine = Grid.covering(-6, 6, 0, 12, 0.5)
    months = np.arange("2002-08", "2010-12", dtype="datetime64[M]")
    truth = np.zeros((len(months), *fine.shape))
    product = observe_storage(
        fine,
        2,
        months,
        truth,
        np.ones(fine.shape, dtype=bool),
        noise_mm=5.0,
        gaussian_km=0.0,
        seed=2,
        noise_times=3.0,
        noise_km=km,
    )
    standardised = product.storage / product.uncertainty
    assert np.std(standardised) == pytest.approx(3.0, abs=0.25)
    neighbours = np.mean(standardised[:, :, 1:] * standardised[:, :, :-1]) / np.mean(standardised**2)
    assert neighbours == pytest.approx(expected, abs=0.12)
