"""Shares of members, against weights worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.error_bars.unseen_detail import unseen
from gwkeras.methods.priors.stacking.shares import shares, unseen_gram
from tests.methods.priors.domains import make_world
from tests.methods.priors.stacking.test_stack import truth_of


@pytest.mark.parametrize(
    ("gram", "expected"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], [1 / 2, 1 / 2]),
        ([[1.0, 0.8], [0.8, 1.5]], [2.7 / 4.9, 2.2 / 4.9]),  # 1.5 − 0.8 + 2 and 1 − 0.8 + 2
        ([[1.0, 1.5], [1.5, 9.0]], [9.5 / 11.0, 1.5 / 11.0]),  # three times as large, half of it alike
        ([[1.0, 3.0], [3.0, 9.0]], [1.0, 0.0]),
        (np.diag([1.0, 1.0, 4.0]), [2 / 5, 2 / 5, 1 / 5]),  # one over 3, 3 and 6
    ],
)
def test_the_mix_that_puts_least_where_nothing_is_seen_held_to_alike(gram, expected):
    assert shares(np.array(gram), [None] * len(gram)) == pytest.approx(expected, abs=1e-6)


def test_the_scale_of_the_detail_does_not_matter():
    gram = np.array([[1.0, 0.8], [0.8, 1.5]])
    assert shares(1e-4 * gram, [None, None]) == pytest.approx(shares(1e6 * gram, [None, None]), abs=1e-6)
    assert shares(np.zeros((2, 2)), [None, None]) == pytest.approx([0.5, 0.5])


def test_who_leaves_half_as_much_of_held_out_product_counts_four_times():
    alike = np.eye(2)
    assert shares(alike, [0.2, 0.6]) == pytest.approx([0.2, 0.8])
    assert shares(alike, [0.2, None]) == pytest.approx([0.5, 0.5])
    assert shares(alike, [1.0, 1.0]) == pytest.approx([0.5, 0.5])


def test_the_mean_square_of_what_is_not_seen_is_weighted_by_area_and_land(tmp_path):
    world = make_world(tmp_path)
    domain, months = world.domain, world.training.months[:3]
    once, twice = truth_of(world), truth_of(world, -2.0)
    squares = [unseen(domain, once.predict(domain, month).mean) ** 2 for month in months]
    power = np.average(np.mean(squares, axis=0), weights=domain.fine.area * domain.land_fine)
    gram = unseen_gram([once, twice], domain, months)
    assert gram == pytest.approx(power * np.array([[1.0, -2.0], [-2.0, 4.0]]), rel=1e-6)
