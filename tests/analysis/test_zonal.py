"""Zonal means and trends against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.analysis.zonal import trends, zonal_means


def white(lag):
    return (lag == 0).astype(float)


def test_means_weigh_by_land_and_errors_add_by_their_correlation():
    """Two cells of one zone with weights 1 and 3 and σ of 4 and 8 mm, once wrong together and once apart."""
    field, sigma = np.array([[10.0, 2.0]]), np.array([[4.0, 8.0]])
    together = np.array([[[1.0, 1.0]], [[-1.0, -1.0]]])
    apart = np.array([[[1.0, 1.0]], [[1.0, -1.0]], [[-1.0, 1.0]], [[-1.0, -1.0]]])
    found = zonal_means(field, (sigma, sigma), np.array([[[1.0, 3.0]]]), (together, np.zeros((4, 1, 2))))
    assert found.mean == pytest.approx([4.0])
    assert found.sigma == pytest.approx([(4 + 24) / 4])
    found = zonal_means(field, (sigma, sigma), np.array([[[1.0, 3.0]]]), (np.zeros((4, 1, 2)), apart))
    assert found.variances[1] == pytest.approx([(4**2 + 24**2) / 16])


def test_zones_that_are_hardly_known_have_no_mean():
    field = np.array([[1.0, np.nan, np.nan, 5.0]])
    weights = np.array([[[1.0, 2.0, 0.0, 0.0]], [[0.0, 0.0, 1.0, 1.0]]])
    found = zonal_means(field, (np.ones((1, 4)),), weights, np.zeros((1, 2, 1, 4)))
    assert np.isnan(found.mean[0])
    assert found.mean[1] == 5.0


def test_a_trend_with_white_errors_is_the_textbook_s():
    """Var(slope) = σ² / Σ (t − t̄)²."""
    months = np.arange(48)
    means = (0.5 * months)[:, None]
    found = trends(months, means, np.full((48, 1, 1), 9.0), (white,))
    assert found.slope == pytest.approx([6.0])
    assert found.sigma == pytest.approx([3.0 / np.sqrt((((months - 23.5) / 12) ** 2).sum())])


def test_errors_that_never_change_leave_a_trend_exact_and_persistent_ones_do_not_average_out():
    months = np.arange(60)
    means, variance = np.zeros((60, 1)), np.full((60, 1, 1), 4.0)
    assert trends(months, means, variance, (lambda lag: 1.0**lag,)).sigma == pytest.approx([0.0], abs=1e-6)
    new, lasting = (trends(months, means, variance, (lambda lag, phi=phi: phi**lag,)).sigma[0] for phi in (0.0, 0.9))
    assert lasting > 2.5 * new
    both = trends(months, means, np.concatenate([variance, variance], axis=1), (white, lambda lag: 0.9**lag)).sigma[0]
    assert both == pytest.approx(np.hypot(new, lasting))


def test_a_trend_of_two_months_is_none():
    found = trends(np.arange(3), np.array([[1.0], [np.nan], [2.0]]), np.ones((3, 1, 1)), (white,))
    assert np.isnan(found.slope).all()
