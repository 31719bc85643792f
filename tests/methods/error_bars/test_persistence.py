"""How long errors last, against errors whose correlation is known."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.error_bars.persistence import Course, PartlyNew, Persistence, doubted

MONTHS = np.concatenate([np.arange(70), np.arange(76, 190)])  # with a gap


def drawn(correlation, places=400, seed=0):
    covariance = correlation(np.abs(MONTHS[:, None] - MONTHS[None, :]).astype(float))
    factor = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(MONTHS)))
    return factor @ np.random.default_rng(seed).standard_normal((len(MONTHS), places))


@pytest.mark.parametrize("slow", [0.0, 0.3, 1.0])
def test_the_variance_of_a_trend_is_that_of_the_errors(slow):
    """Whatever the parts are: a trend's variance from the fit against that from the true covariance; the white part aside."""

    def lasting(lag):
        return 9.0 * ((1 - slow) * np.exp(-lag / 9.0) + slow * np.exp(-lag / 200.0))

    errors = drawn(lambda lag: lasting(lag) + 4.0 * (lag == 0))
    found = Persistence.fit(MONTHS, errors)
    assert sum(found.shares) == pytest.approx(1.0)
    years = (MONTHS - MONTHS.mean()) / 12
    slope = years / (years @ years)
    lag = np.abs(MONTHS[:, None] - MONTHS[None, :]).astype(float)
    about_mean = (errors - errors.mean(axis=0)).var()
    assert found.white == pytest.approx(4.0 / about_mean, rel=0.2)
    told = slope @ found(lag) @ slope * about_mean * (1 - found.white)
    assert told == pytest.approx(slope @ lasting(lag) @ slope, rel=0.15)


def test_an_error_that_comes_back_every_year_leaves_trends_alone():
    found = Persistence.fit(MONTHS, drawn(lambda lag: np.cos(2 * np.pi * lag / 12)))
    assert found.shares[-1] == pytest.approx(1.0, abs=0.02)
    assert found(np.array([0.0, 6.0, 12.0])) == pytest.approx([1.0, -1.0, 1.0], abs=0.05)


def test_doubt_goes_halfway_to_what_lasts():
    """Of 384 months half; about the mean over the record that leaves as much as drawn errors have."""
    found = doubted(Persistence((0.0, 1.0, 0.0, 0.0, 0.0, 0.0)), MONTHS)
    assert found.shares == pytest.approx((0.0, 0.5, 0.25, 0.0, 0.25, 0.0))
    errors = drawn(lambda lag: 0.5 * np.exp(-lag / 6) + 0.25 * np.exp(-lag / 24) + 0.25 * np.exp(-lag / 384), places=2000)
    assert found.about_mean == pytest.approx((errors - errors.mean(axis=0)).var(), rel=0.05)


def test_too_short_a_record_tells_nothing():
    assert Persistence.fit(np.arange(12), np.ones((12, 3))) == Persistence.usual()
    assert Persistence.fit(np.arange(40), np.full((40, 3), np.nan)) == Persistence.usual()
    assert Persistence.fit(np.arange(40), np.zeros((40, 3))) == Persistence.usual()


def test_a_course_has_the_correlation_it_was_made_for():
    """Of 20,000 numbers, 1 and 14 months apart; 1 / √20000 is 0.7 %."""
    persistence = Persistence((0.3, 0.0, 0.5, 0.0, 0.0, 0.2))
    course = Course(persistence, (20_000,), np.random.default_rng(3))
    first, next_, later = (course.at(month) for month in (5, 6, 19))
    for one, lag in ((next_, 1.0), (later, 14.0)):
        expected = 0.3 * np.exp(-lag / 2) + 0.5 * np.exp(-lag / 24) + 0.2 * np.cos(2 * np.pi * lag / 12)
        assert np.mean(first * one) == pytest.approx(expected, abs=0.03)
        assert np.mean(one**2) == pytest.approx(1.0, abs=0.03)


def test_a_share_that_is_new_is_told_from_the_rest():
    lag = np.abs(MONTHS[:, None] - MONTHS[None, :]).astype(float)
    found = PartlyNew.of(MONTHS, 3.0 * (0.4 * np.exp(-lag / 6) + 0.6 * (lag == 0)))
    assert found.new == pytest.approx(0.6)
    assert found(np.array([0.0, 6.0])) == pytest.approx([1.0, 0.4 / np.e])
    assert PartlyNew.of(MONTHS, 3.0 * (lag == 0)).new == pytest.approx(1.0)
