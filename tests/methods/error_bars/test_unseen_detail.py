"""What the prior's unseen detail adds to σ, by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.error_bars.disagreement import departures, has_members
from gwkeras.methods.error_bars.persistence import Persistence
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail, around, filtered_share, local_mean_square, unseen
from gwkeras.methods.method import Prediction
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread


def domain_of(coarse: Grid, land: np.ndarray | None = None, spread: PointSpread = PointSpread()) -> SimpleNamespace:
    fine = coarse.refine(2)
    land = np.ones(fine.shape) if land is None else land
    observation = Observation(fine, 2, land, spread)
    return SimpleNamespace(coarse=coarse, fine=fine, factor=2, land_fine=land, observation=observation)


DOMAIN = domain_of(Grid(-2.0, 10.0, 1.0, 1.0, 4, 5))
FILTERED = domain_of(DOMAIN.coarse, spread=PointSpread.gaussian(150.0))
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


def test_land_whose_product_is_unknown_is_as_sea():
    """Of two product cells side by side only the western is known: means there take nothing from the eastern one."""
    domain = domain_of(Grid(0.0, 10.0, 1.0, 1.0, 1, 2))
    field, known = np.array([[3.0, 3.0, 90.0, 90.0]] * 2), np.array([[True, False]])
    np.testing.assert_allclose(local_mean_square(domain, field, known)[:, :2], 9.0, rtol=1e-9)
    assert local_mean_square(domain, field)[:, :2].min() > 9.1
    np.testing.assert_allclose(unseen(domain, field, known)[:, :2], 0.0, atol=1e-9)  # 3 mm everywhere that counts


def test_sigma_by_hand():
    """γ² = 0.4, A = 9 mm², s = 1.5, σ of the update 2 mm: √(9 + 3.6)."""
    bars = UnseenDetail.fit(DOMAIN, of_months(CHEQUERED, -CHEQUERED), 1.5, 0.01, 1.0)
    assert bars.share == pytest.approx(0.4)
    np.testing.assert_allclose(bars.sigma(DOMAIN, CHEQUERED, np.full(DOMAIN.fine.shape, 2.0)), np.sqrt(12.6), rtol=1e-3)
    told = replace(bars, untaught=1.1, taught=(12, 13))
    for month, factor in ((None, 1.0), (13, 1.0), (14, 1.1)):
        found = told.sigma(DOMAIN, CHEQUERED, np.full(DOMAIN.fine.shape, 2.0), month=month)
        np.testing.assert_allclose(found, factor * np.sqrt(12.6), rtol=1e-3)
    still = bars.sigma(DOMAIN, np.zeros(DOMAIN.fine.shape), np.full(DOMAIN.fine.shape, 2.0))  # half of A stays
    np.testing.assert_allclose(still, np.sqrt(9 + 1.8), rtol=1e-3)


@pytest.mark.parametrize("domain", [DOMAIN, FILTERED])
def test_a_prior_of_nothing_adds_nothing(domain):
    zero = np.zeros(domain.fine.shape)
    bars = UnseenDetail.fit(domain, of_months(zero), 1.0, 5.0, 0.0)
    np.testing.assert_array_equal(bars.sigma(domain, zero, zero + 2.0), 2.0)


def test_how_wrong_it_may_be_follows_the_held_out_product():
    assert filtered_share(0.0, 0.0, 1.0, 0.2) == pytest.approx(0.35)  # 0.55, of which the update says 0.2
    assert filtered_share(0.05, 0.25, 0.0625, 0.2) == pytest.approx(0.35 + 0.775)  # and 62 · 0.05 · ½ · ½
    assert filtered_share(100.0, 100.0, 1.0, 0.2) == pytest.approx(4.8)
    assert filtered_share(0.0, 0.0, 1.0, 5.0) == pytest.approx(0.15)


def test_members_and_the_update_count_through_a_filter():
    """E / Ā = 0.05, ρ = ¼, and members whose D / Ā is 1/16: 0.55 + 62 · 0.05 / 4, less the 0.3 that the update says."""

    def apart(month):
        return 0.25 * unseen(FILTERED, CHEQUERED)[None]

    size = float(
        np.average(local_mean_square(FILTERED, unseen(FILTERED, CHEQUERED)), weights=FILTERED.fine.area * np.ones((8, 10)))
    )
    found = UnseenDetail.fit(FILTERED, of_months(CHEQUERED), 1.0, 0.05 * size, 0.2 * size, apart, 0.3 * size)
    assert found.share == pytest.approx(1.025, rel=0.02)
    assert found.anywhere == pytest.approx(0.2)


def test_members_tell_how_wrong_their_mean_is():
    """3 mm and −3 mm, chequered, are 3 mm from their mean: δ² = 5.5 makes √(9 + 5.5 · 9)."""

    def prior(*own):
        members = [(weight, lambda domain, month, f=f: Prediction(f * CHEQUERED)) for weight, f in own]
        return SimpleNamespace(members=[SimpleNamespace(weight=w, prior=SimpleNamespace(predict=p)) for w, p in members])

    two, three = prior((0.5, 1.0), (0.5, -1.0)), prior((0.25, 3.0), (0.25, 1.0), (0.5, 2.0))
    assert has_members(two)
    assert not has_members(prior((1.0, 1.0)))
    month, of = np.datetime64("2003-01"), partial(unseen, DOMAIN)
    np.testing.assert_allclose(np.square(departures(two, DOMAIN, month, of)).sum(axis=0), 9.0, atol=0.02)
    # ¼ · 3² + ¼ · 3² + ½ · 0
    np.testing.assert_allclose(np.square(departures(three, DOMAIN, month, of)).sum(axis=0), 4.5, atol=0.01)
    bars = UnseenDetail.fit(DOMAIN, of_months(CHEQUERED), 1.5, 0.01, 1.0, partial(departures, two, DOMAIN, of=of))
    apart = partial(departures, two, DOMAIN, month, of)
    found = bars.sigma(DOMAIN, 100 * CHEQUERED, np.full(DOMAIN.fine.shape, 2.0), None, apart)
    np.testing.assert_allclose(found, np.sqrt(9 + 5.5 * 9), rtol=1e-3)
    filtered = UnseenDetail.fit(FILTERED, of_months(CHEQUERED), 1.5, 0.01, 1.0, partial(departures, two, FILTERED, of=of))
    assert filtered.apart == 0.0  # what members say of the product's cells is hidden, too


def test_a_prior_that_is_not_borne_out_may_be_wrong_anywhere_around():
    """ρ = 3, so m = ¾. Its detail is 6 mm in the east and nothing in the west, in one month of two as large again.

    By hand: in the small month a = 36 and r = 18 mm² (half of the country), ā = 90, r̄ = 45, so ā r / r̄ = 36; in the east A is
    ¼ · 36 + ¾ · 18, in the west, where a is 0, ¾ · 18.
    """
    south, step = 0.0, 1e-3  # cells so small that the whole region is one neighbourhood of what is around
    coarse = Grid(south, 10.0, step, step, 2, 4)
    domain = domain_of(coarse, spread=PointSpread.gaussian(100.0))
    east = np.broadcast_to(np.arange(8) >= 4, domain.fine.shape)
    squares = np.where(east, 36.0, 0.0)
    assert around(domain, squares) == pytest.approx(18.0, rel=1e-6)
    bars = UnseenDetail(1.0, 0.5, np.where(east, 2.0, 0.0), domain.fine, anywhere=0.75)
    expected = np.where(east, 0.25 * 36 + 0.75 * 18, 0.75 * 18)
    np.testing.assert_allclose(bars.size(domain, squares), expected, rtol=1e-6)


def test_elsewhere_the_month_stands_for_the_record():
    bars = UnseenDetail.fit(DOMAIN, of_months(np.zeros(DOMAIN.fine.shape)), 1.0, 0.01, 1.0)
    other = domain_of(Grid(-2.0, 20.0, 1.0, 1.0, 4, 5))
    np.testing.assert_allclose(bars.sigma(other, CHEQUERED, np.zeros(other.fine.shape)), np.sqrt(3.6), rtol=1e-3)


def test_kept_and_read_back(tmp_path):
    bars = UnseenDetail.fit(FILTERED, of_months(CHEQUERED), 1.2, 0.3, 1.0)
    assert bars.anywhere == pytest.approx(3 / 13)
    assert UnseenDetail.load(tmp_path) is None
    bars.save(tmp_path)
    found = UnseenDetail.load(tmp_path)
    assert found is not None
    assert found.noise is None
    told = replace(bars, persistence=Persistence((0.5, 0.0, 0.0, 0.0, 0.25, 0.25), 0.2, 0.7), noise=NoiseCorrelation(0.8, 170.0))
    told = replace(told, untaught=1.1, taught=(3, 4))
    told.save(tmp_path)
    found = UnseenDetail.load(tmp_path)
    assert (found.persistence, found.detail_persistence, found.noise) == (told.persistence, told.detail_persistence, told.noise)
    assert (found.scale, found.share, found.grid, found.anywhere) == (bars.scale, bars.share, bars.grid, bars.anywhere)
    assert found.apart == bars.apart == 0.0
    assert (found.untaught, found.taught) == (1.1, (3, 4))
    np.testing.assert_array_equal(found.typical, bars.typical)
    assert found.digest == told.digest != bars.digest
    assert bars.digest != UnseenDetail.fit(FILTERED, of_months(CHEQUERED), 1.3, 0.3, 1.0).digest
    (tmp_path / "unseen_detail.npz").write_bytes(b"x")
    with pytest.raises(BadInput, match=r"unseen_detail\.npz: expected arrays of error bars"):
        UnseenDetail.load(tmp_path)


def test_the_detail_alone_is_known_better():
    """√(25 − 1.5² · 4) without 2 mm of the product's; where those would be all, a tenth of the variance stays."""
    bars = UnseenDetail.fit(DOMAIN, of_months(CHEQUERED), 1.5, 0.01, 1.0)
    np.testing.assert_allclose(bars.without(np.array([5.0, 5.0]), np.array([2.0, 50.0])), [4.0, np.sqrt(2.5)], rtol=1e-6)
