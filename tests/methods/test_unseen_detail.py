"""What the prior's unseen detail adds to σ, by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.persistence import Persistence
from gwkeras.methods.unseen_detail import SEEN_SHARE, UnseenDetail, local_mean_square, unseen
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation
from gwkeras.observation.operator import Observation


def domain_of(coarse: Grid, land: np.ndarray | None = None) -> SimpleNamespace:
    fine = coarse.refine(2)
    land = np.ones(fine.shape) if land is None else land
    observation = Observation(fine, 2, land)
    return SimpleNamespace(coarse=coarse, fine=fine, factor=2, land_fine=land, observation=observation)


DOMAIN = domain_of(Grid(-2.0, 10.0, 1.0, 1.0, 4, 5))
CHEQUERED = np.where(np.indices(DOMAIN.fine.shape).sum(axis=0) % 2, 3.0, -3.0)


def of_months(*fields):
    """Of as many months from 2003-01 on."""
    return {np.datetime64("2003-01", "M") + number: field for number, field in enumerate(fields)}


def test_what_cells_hide_is_unseen_and_what_they_show_is_not():
    assert np.abs(unseen(DOMAIN, np.full(DOMAIN.fine.shape, 7.0))).max() == pytest.approx(0.0, abs=1e-9)
    hidden = unseen(DOMAIN, CHEQUERED)  # two and two cells of a block cancel, but for the curvature of the parallels
    np.testing.assert_allclose(hidden, CHEQUERED, atol=2e-3)


def test_local_mean_squares_know_no_sea():
    land = np.ones(DOMAIN.fine.shape)
    land[:, :4] = 0.0
    field = np.where(land > 0, 5.0, 1000.0)
    np.testing.assert_allclose(local_mean_square(domain_of(DOMAIN.coarse, land), field)[land > 0], 25.0, rtol=1e-9)


def test_sigma_by_hand():
    """γ² = 0.4, A = 9 mm², s = 1.5, σ of the update 2 mm: √(9 + 3.6)."""
    bars = UnseenDetail.fit(DOMAIN, of_months(CHEQUERED, -CHEQUERED), 1.5, None)
    assert bars.share == SEEN_SHARE == 0.4
    np.testing.assert_allclose(bars.sigma(DOMAIN, CHEQUERED, np.full(DOMAIN.fine.shape, 2.0)), np.sqrt(12.6), rtol=1e-3)
    still = bars.sigma(DOMAIN, np.zeros(DOMAIN.fine.shape), np.full(DOMAIN.fine.shape, 2.0))  # half of A stays
    np.testing.assert_allclose(still, np.sqrt(9 + 1.8), rtol=1e-3)


def test_a_prior_of_nothing_adds_nothing():
    zero = np.zeros(DOMAIN.fine.shape)
    bars = UnseenDetail.fit(DOMAIN, of_months(zero), 1.0, 5.0)
    np.testing.assert_array_equal(bars.sigma(DOMAIN, zero, zero + 2.0), 2.0)


def test_through_a_filter_it_follows_the_held_out_product():
    shares = [UnseenDetail.fit(DOMAIN, of_months(CHEQUERED), 1.0, ratio).share for ratio in (0.1, 1.0, 1e6)]
    assert shares == pytest.approx([0.5, 2.15, 3.8], abs=1e-3)


def test_elsewhere_the_month_stands_for_the_record():
    bars = UnseenDetail.fit(DOMAIN, of_months(np.zeros(DOMAIN.fine.shape)), 1.0, None)
    other = domain_of(Grid(-2.0, 20.0, 1.0, 1.0, 4, 5))
    np.testing.assert_allclose(bars.sigma(other, CHEQUERED, np.zeros(other.fine.shape)), np.sqrt(3.6), rtol=1e-3)


def test_kept_and_read_back(tmp_path):
    bars = UnseenDetail.fit(DOMAIN, of_months(CHEQUERED), 1.2, 0.3)
    assert UnseenDetail.load(tmp_path) is None
    bars.save(tmp_path)
    found = UnseenDetail.load(tmp_path)
    assert found is not None
    assert found.noise is None
    told = replace(bars, persistence=Persistence((0.5, 0.0, 0.0, 0.0, 0.25, 0.25), 0.2, 0.7), noise=NoiseCorrelation(0.8, 170.0))
    told.save(tmp_path)
    found = UnseenDetail.load(tmp_path)
    assert (found.persistence, found.detail_persistence, found.noise) == (told.persistence, told.detail_persistence, told.noise)
    assert (found.scale, found.share, found.grid) == (bars.scale, bars.share, bars.grid)
    np.testing.assert_array_equal(found.typical, bars.typical)
    assert found.digest == bars.digest != UnseenDetail.fit(DOMAIN, of_months(CHEQUERED), 1.3, 0.3).digest
    (tmp_path / "unseen_detail.npz").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"unseen_detail\.npz: expected arrays of error bars"):
        UnseenDetail.load(tmp_path)


def test_the_detail_alone_is_known_better():
    """√(25 − 1.5² · 4) without 2 mm of the product's; where those would be all, a tenth of the variance stays."""
    bars = UnseenDetail.fit(DOMAIN, of_months(CHEQUERED), 1.5, None)
    np.testing.assert_allclose(bars.without(np.array([5.0, 5.0]), np.array([2.0, 50.0])), [4.0, np.sqrt(2.5)], rtol=1e-6)
