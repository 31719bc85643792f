"""Quantiles over groups against hand-worked cases and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.error_bars.group_quantile import best_probability, group_quantiles, groups_needed
from gwkeras.core.errors import BadInput


@pytest.mark.parametrize(("probability", "groups"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_groups_that_a_probability_needs(probability, groups):
    assert groups_needed(probability) == groups
    assert best_probability(groups) == pytest.approx(probability)


def test_by_hand():
    """Groups {1, 2} and {5}: masses 1/6, 1/6 and 1/3, and 1/3 at infinity."""
    found = group_quantiles([np.array([2.0, 1.0]), np.array([5.0])], [0.1, 1 / 6, 0.2, 1 / 3, 0.5, 2 / 3, 0.7])
    assert found.tolist() == [1.0, 1.0, 2.0, 2.0, 5.0, 5.0, math.inf]


def test_groups_of_one_are_split_conformal():
    """⌈(n + 1) p⌉-th smallest of n."""
    values = np.random.default_rng(0).permutation(np.arange(1.0, 20.0))
    assert group_quantiles([values[k : k + 1] for k in range(19)], [0.9, 0.5, 0.95]).tolist() == [18.0, 10.0, 19.0]


def test_it_holds_for_a_new_group_where_pooling_does_not():
    """Twelve groups whose scales differ: 90 % hold 90 % of a thirteenth, on average; so do they where cells are taken for one."""
    rng = np.random.default_rng(3)
    held, pooled = [], []
    for _ in range(2000):
        scales = np.exp(rng.normal(0.0, 0.6, 13))
        errors = np.abs(rng.normal(size=(13, 50))) * scales[:, None]
        held.append(np.mean(errors[12] <= group_quantiles(list(errors[:12]), [0.9])[0]))
        pooled.append(np.mean(errors[12] <= np.quantile(errors[:12], 0.9)))
    assert 0.90 <= np.mean(held) <= 0.97
    assert np.mean(pooled) < 0.89


def test_a_calibration_by_groups():
    rng = np.random.default_rng(1)
    groups = [np.abs(rng.normal(0, 2.0, n)) for n in (4000, 500) * 10]
    found = Calibration.of_groups(groups, 0.9, "draws")
    assert found.sigma_scale == pytest.approx(2.0, rel=0.03)
    assert found.interval_factor == pytest.approx(1.98, rel=0.04)  # the 0.9 · 21 / 20 = 0.945 quantile of twenty like groups
    assert found.groups == 20
    assert found.at(0.95).interval_factor > found.at(0.8).interval_factor
    assert not found.serves(0.96)


def test_too_few_groups_are_said():
    with pytest.raises(BadInput, match=r"at least 9 groups.*for intervals of 90 %, found 5; ask for at most 83.3 %"):
        Calibration.of_groups([np.ones(3)] * 5, 0.9, "few")
    with pytest.raises(BadInput, match=r"found 0; hold out months"):
        Calibration.of_groups([], 0.9, "none")
