"""Exponential memories against scipy's recursive filter, and the balance they start in against many years of waiting."""

import numpy as np
import pytest
from scipy.signal import lfilter

from gwkeras.core.grid import Grid
from gwkeras.domain.memories.exponential import advance, in_balance, retention
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

TAUS = (1.5, 6.0, 48.0)


def recursion(values: np.ndarray, start: np.ndarray, keeps: np.ndarray) -> np.ndarray:
    memories, out = start.copy(), []
    for now in values:
        advance(memories, now, keeps)
        out.append(memories.copy())
    return np.stack(out)  # (month, τ, ...)


def test_retention_is_what_a_linear_store_keeps_in_a_month():
    assert retention(TAUS) == pytest.approx([0.513417, 0.846482, 0.979382], abs=1e-6)  # exp(−2/3), exp(−1/6), exp(−1/48)


def test_recursion_is_that_of_a_first_order_filter():
    values = np.random.default_rng(0).normal(size=(60, 5))
    keeps = retention(TAUS).astype(float)
    start = np.random.default_rng(1).normal(size=(3, 5))
    ours = recursion(values, start, keeps)
    for row, a in enumerate(keeps):
        filtered, _ = lfilter([1 - a], [1, -a], values, axis=0, zi=(a * start[row])[None])
        assert ours[:, row] == pytest.approx(filtered, abs=1e-12)


def test_balance_is_where_many_equal_years_end():
    year = np.random.default_rng(2).normal(size=(12, 4))
    keeps = retention(TAUS).astype(float)
    for first in (1, 4, 12):
        order = (np.arange(12 * 80) + first - 1) % 12
        waited = recursion(year[order], np.zeros((3, 4)), keeps)[-1]  # 80 years: exp(−960/48) = 2e-9 of the start is left
        assert in_balance(year, first, keeps) == pytest.approx(waited, abs=1e-7)


def test_a_constant_is_remembered_as_itself():
    keeps = retention(TAUS)
    start = in_balance(np.full((12, 2), 7.0), 5, keeps)
    assert recursion(np.full((10, 2), 7.0), start, keeps) == pytest.approx(np.full((10, 3, 2), 7.0), rel=1e-6)


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread.gaussian(120.0)])
def test_memory_in_time_and_observation_in_space_commute(spread):
    rng = np.random.default_rng(3)
    grid = Grid(10.0, 20.0, 0.25, 0.25, 8, 12)
    observe = Observation(grid, 2, rng.uniform(0.2, 1.0, grid.shape), spread)
    values, keeps = rng.normal(size=(30, *grid.shape)), retention(TAUS).astype(float)
    start = rng.normal(size=(3, *grid.shape))
    fine_first = observe(recursion(values, start, keeps))
    coarse_first = recursion(observe(values), observe(start), keeps)
    assert coarse_first == pytest.approx(fine_first, abs=1e-12)
