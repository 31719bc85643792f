"""Interpolations as methods: by hand, and conservative where they say so."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from gwkeras.methods.baselines import BASELINES
from gwkeras.methods.composition import Composition
from gwkeras.methods.method import Prediction
from gwkeras.methods.priors.none import NoPrior
from gwkeras.methods.updates.interpolation import Interpolation
from tests.methods.worlds import make_domain


def alone(update: Interpolation) -> Composition:
    return Composition(update.label, NoPrior(), update)


def test_names_as_in_the_tables():
    assert [method.name for method in BASELINES] == ["nearest", "bilinear", "bicubic", "bicubic + conservation"]


def test_nearest_repeats_and_leaves_the_sea_out():
    domain = make_domain(5, 6)
    found = alone(Interpolation("nearest")).predict(domain, domain.months[2])
    coarse = np.repeat(np.repeat(domain.storage_of(domain.months[2]), 2, 0), 2, 1)
    np.testing.assert_array_equal(found.mean, np.where(domain.land_fine > 0, coarse, np.nan))
    assert found.sigma is found.lower is found.upper is None


def test_bilinear_against_scipy():
    domain = make_domain(5, 6, sea=0.0)
    inner = RegularGridInterpolator((domain.coarse.lat, domain.coarse.lon), domain.storage_of(domain.months[1]).astype(float))
    lat, lon = np.meshgrid(domain.fine.lat[1:-1], domain.fine.lon[1:-1], indexing="ij")
    found = alone(Interpolation("bilinear")).predict(domain, domain.months[1]).mean[1:-1, 1:-1]
    np.testing.assert_allclose(found, inner((lat, lon)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic"])
def test_conserving_methods_average_to_the_coarse_field_by_area_and_land(kind):
    domain = make_domain(9, 12, factor=3, sea=0.3, south=55.0)
    coarse = domain.storage_of(domain.months[0])
    fine = alone(Interpolation(kind, conserving=True)).predict(domain, domain.months[0]).mean
    worst = 0.0
    for row, col in np.argwhere(np.isfinite(coarse)):
        block = (slice(3 * row, 3 * row + 3), slice(3 * col, 3 * col + 3))
        weight = np.cos(np.deg2rad(domain.fine.lat[block[0]]))[:, None] * domain.land_fine[block]
        worst = max(worst, abs(np.average(fine[block].astype(float), weights=weight) - coarse[row, col]))
    assert worst < 1e-4
    plain = alone(Interpolation(kind)).predict(domain, domain.months[0]).mean
    assert (np.nanmax(np.abs(plain - fine)) > 1) == (kind != "nearest")


def test_the_globe_is_interpolated_across_the_date_line():
    domain = make_domain(6, 12, step=30.0, west=-180.0, south=-90.0, sea=0.0)
    turned = replace(domain, storage=np.roll(domain.storage, 5, axis=2))
    for method in BASELINES[:3]:
        np.testing.assert_allclose(
            np.roll(method.predict(domain, domain.months[0]).mean, 10, axis=1),
            method.predict(turned, turned.months[0]).mean,
            atol=1e-4,
        )


def test_what_is_interpolated_is_what_the_prior_has_missed():
    """A prior that averages to the product is left as it is; one that is off by 7 mm everywhere is shifted by 7 mm."""
    domain = make_domain(5, 6, sea=0.0)
    month = domain.months[0]
    truth = alone(Interpolation("bicubic", conserving=True)).predict(domain, month).mean
    for update in (Interpolation("nearest"), Interpolation("bilinear"), Interpolation("bicubic", conserving=True)):
        np.testing.assert_allclose(update.apply(Prediction(truth), domain, month).mean, truth, atol=1e-3)
        np.testing.assert_allclose(update.apply(Prediction(truth - 7.0), domain, month).mean, truth, atol=1e-3)
