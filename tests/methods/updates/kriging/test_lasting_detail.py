from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.selection.lasting_detail import is_too_sharp, largest_detail, lasting_detail
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

GRID = Grid.covering(-12, 12, 70, 94, 0.5)
MONTHS = np.arange(40)


def lasting(radius: float) -> np.ndarray:
    """Storage that is independent from fine cell to fine cell and changes slowly, and noise that is new in each month."""
    rng = np.random.default_rng(1)
    fine = rng.standard_normal((12, *GRID.refine(2).shape))
    spread = PointSpread.gaussian(radius) if radius else PointSpread()
    seen = Observation(GRID.refine(2), 2, np.ones(GRID.refine(2).shape), spread)(fine)
    courses = np.cos(np.outer(np.arange(40), np.linspace(0.05, 0.3, 12)) + np.arange(12))
    storage = np.einsum("tk,kij->tij", courses, seen)
    return storage + 0.1 * storage.std() * rng.standard_normal(storage.shape)


@pytest.mark.parametrize("radius", [75.0, 100.0, 150.0])
def test_what_a_filter_leaves_of_storage_without_correlation(radius):
    """The formula against simulated storage, independent from fine cell to fine cell, behind the filter; noise does not count."""
    assert lasting_detail(lasting(radius), MONTHS, GRID) == pytest.approx(largest_detail(radius, GRID), rel=0.25)


def test_without_a_filter_it_is_three_halves():
    """u = g − (g' + g'') / 2 of independent cells: a variance of 1 + 1/4 + 1/4."""
    assert lasting_detail(lasting(0.0), MONTHS, GRID) == pytest.approx(1.5, rel=0.05)


def test_a_product_without_a_filter_is_too_sharp_for_one():
    detail = lasting_detail(lasting(0.0), MONTHS, GRID)
    assert is_too_sharp(detail, 100.0, GRID)
    assert not is_too_sharp(largest_detail(150.0, GRID), 100.0, GRID)
    assert not is_too_sharp(None, 100.0, GRID)


def test_too_few_consecutive_months_tell_nothing():
    storage = np.random.default_rng(0).standard_normal((20, *GRID.shape))
    assert lasting_detail(storage, 2 * np.arange(20), GRID) is None
