"""Blocks of months drawn with replacement, and intervals of any score."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gwkeras.evaluate.findings.bootstrap import block_length, confidence, drawn_sums, resampled
from gwkeras.evaluate.measures.metric import Column
from gwkeras.evaluate.measures.metrics import METRICS
from tests.evaluate.many_months import evaluation_of_errors

RMSE = Column(METRICS[0])


def test_each_draw_has_as_many_months_in_whole_blocks():
    draws = resampled(24, count=300)
    assert draws.shape == (300, 24)
    assert (draws.sum(axis=1) == 24).all()
    assert draws.mean(axis=0) == pytest.approx(np.ones(24), abs=0.2)  # all months alike, the first and the last too
    edges = np.abs(np.diff(np.c_[draws, draws[:, :1]], axis=1)).sum(axis=1)
    assert (edges <= 2 * 4).all()  # four blocks have eight ends: single months would have far more


def test_short_records_have_short_blocks_or_none():
    assert [block_length(n) for n in (3, 4, 8, 24, 100)] == [0, 1, 2, 6, 6]
    assert resampled(3) is None
    assert confidence(evaluation_of_errors([1.0, 2.0, 3.0]), RMSE, "model") is None


def test_sums_of_a_draw_by_hand():
    drawn = drawn_sums({"weight": np.array([1.0, 2.0, 4.0])}, np.array([[2.0, 0.0, 1.0]]))
    assert drawn["weight"].tolist() == [6.0]


def test_an_error_that_never_changes_has_no_doubt():
    low, high = confidence(evaluation_of_errors([2.0] * 12), RMSE, "model")
    assert (low, high) == pytest.approx((2.0, 2.0))


def test_the_interval_is_as_wide_as_independent_months_make_it():
    """Mean squares of white months: the standard error of their mean is s / √n, near which the bootstrap of blocks comes."""
    rng = np.random.default_rng(5)
    squares = rng.uniform(1.0, 9.0, 240)
    low, high = confidence(evaluation_of_errors(np.sqrt(squares)), RMSE, "model")
    expected = 2 * 1.645 * squares.std() / math.sqrt(240)
    assert high**2 - low**2 == pytest.approx(expected, rel=0.25)
    assert low < math.sqrt(squares.mean()) < high
