"""Months that the prior was not taught on as a class of their own: by hand, and where there are too few."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.error_bars.untaught_months import untaught_factor


def groups(size: float, count: int) -> list[np.ndarray]:
    return [np.full(3 + number, size) for number in range(count)]  # each counts alike, however many it has


def test_half_of_the_ratio_is_carried_over():
    """Errors of 1.2 σ and of 1.0 σ: a ratio of mean squares of 1.44, whose root is the factor on a variance."""
    factor, said = untaught_factor(groups(1.2, 9), groups(1.0, 30), 0.9)
    assert factor == pytest.approx(np.sqrt(1.2))
    assert said == "σ × 1.10 outside the training months, from 9 of these groups"
    assert untaught_factor(groups(0.81, 9), groups(1.0, 30), 0.9)[0] == pytest.approx(0.9)
    assert untaught_factor(groups(9.0, 9), groups(1.0, 30), 0.9)[0] == 1.4


def test_too_few_groups_fall_back_and_say_so():
    assert untaught_factor(groups(1.2, 8), groups(1.0, 30), 0.9) == (
        1.0,
        "8 groups are too few (9 are needed) to scale σ separately outside the training months",
    )
    assert untaught_factor(groups(1.2, 18), groups(1.0, 30), 0.95)[0] == 1.0  # 19 are
    assert untaught_factor([], groups(1.0, 30), 0.9)[0] == 1.0
