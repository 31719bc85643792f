from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.selection.held_out import block_labels, leave_block_out, leave_one_out


@pytest.fixture
def case():
    rng = np.random.default_rng(4)
    root = rng.standard_normal((12, 20))
    return root @ root.T + np.eye(12), rng.standard_normal((12, 5))


def predicted(covariance, values, inside):
    """From all others, by the textbook: k Kₒ⁻¹ rₒ and k₀ − k Kₒ⁻¹ kᵀ."""
    outside = np.setdiff1d(np.arange(len(values)), inside)
    weights = np.linalg.solve(covariance[np.ix_(outside, outside)], covariance[np.ix_(outside, inside)]).T
    return weights @ values[outside], covariance[np.ix_(inside, inside)] - weights @ covariance[np.ix_(outside, inside)]


def test_leave_one_out_is_leaving_out(case):
    covariance, values = case
    errors, variance = leave_one_out(np.linalg.inv(covariance), values)
    for i in range(len(values)):
        mean, spread = predicted(covariance, values, np.array([i]))
        np.testing.assert_allclose(errors[i], (values[i] - mean)[0], rtol=1e-9)
        assert variance[i] == pytest.approx(spread[0, 0], rel=1e-9)


def test_leave_block_out_is_leaving_out(case):
    covariance, values = case
    blocks = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3])
    errors, variance = leave_block_out(np.linalg.inv(covariance), values, blocks)
    for label in range(4):
        inside = np.flatnonzero(blocks == label)
        mean, spread = predicted(covariance, values, inside)
        np.testing.assert_allclose(errors[inside], values[inside] - mean, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(variance[inside], np.diag(spread), rtol=1e-8)


def test_blocks_are_about_as_large_as_asked():
    # 10° × 10° at the equator in blocks of 555 km (5°): two by two.
    grid = Grid.covering(-5, 5, 0, 10, 0.5)
    cells = np.argwhere(np.ones(grid.shape, dtype=bool))
    labels = block_labels(grid, cells, 555.0).reshape(grid.shape)
    assert len(np.unique(labels)) == 4
    assert len(np.unique(labels[:10, :10])) == 1
    assert labels[0, 0] != labels[0, 10] != labels[10, 10]


def test_blocks_near_the_pole_hold_more_columns():
    # At 60–65° N a degree of longitude is about half as long: 20° × 5° is two blocks of 5°, not four.
    grid = Grid.covering(60, 65, 0, 20, 0.5)
    cells = np.argwhere(np.ones(grid.shape, dtype=bool))
    assert len(np.unique(block_labels(grid, cells, 555.0))) == 2
