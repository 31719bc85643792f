from __future__ import annotations

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM, Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise, operator_error
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells, cells_averaged
from gwkeras.methods.updates.kriging.covariance.system import CellCovariances
from gwkeras.methods.updates.kriging.covariance.zonal_tables import CellToFine, ZonalTable, cell_tables
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import chords, dense, exponential, small


def test_tables_of_cell_means_are_the_sums_over_fine_cells():
    observation = small(3, 4, factor=3)
    _, h = dense(observation, Covariance(1.0, 0.0))
    tables = cell_tables(observation.fine, 3)
    cells = np.argwhere(np.ones((3, 4), dtype=bool))
    for table, length in zip(tables, LENGTHS_KM, strict=True):
        expected = h @ np.exp(-(chords(observation.fine) ** 2) / (2 * length**2)) @ h.T
        # Longitudes of a grid are rounded to 1e-9°.
        np.testing.assert_allclose(ZonalTable(table).between(cells, cells), expected, rtol=1e-7, atol=1e-12)


def test_a_table_sums_as_its_matrix_does():
    table = CellCovariances(small(4, 5).fine, 2).of(0.2)
    cells = np.argwhere(np.ones((4, 5), dtype=bool))
    values = np.random.default_rng(1).standard_normal((3, 4, 5))
    expected = values.reshape(3, -1) @ table.between(cells, cells)
    np.testing.assert_allclose(table(values).reshape(3, -1), expected, atol=1e-12)


def test_from_cells_to_fine_rows_and_columns():
    observation = small(3, 5, factor=4)
    covariance = Covariance(50.0, 0.1)
    c, h = dense(observation, covariance)
    values = np.random.default_rng(2).standard_normal((2, 3, 5))
    expected = (values.reshape(2, -1) @ h @ c).reshape(2, 12, 20)
    table = CellToFine(observation.fine, 4, tuple(covariance.amplitudes), slice(1, 12, 2))
    np.testing.assert_allclose(table(values, slice(4, 20, 3)), expected[:, 1:12:2, 4:20:3], atol=1e-9)


def test_the_filter_on_cells_is_the_operator_seen_from_afar():
    """Block mean and filter change places: against the exact operator's rows, summed over cells; coasts included."""
    land = np.ones((24, 28))
    land[4:9, 6:20] = 0.0
    land[12:, 22:] = 0.5
    observation = small(12, 14, factor=2, spread=PointSpread.gaussian(150.0), land=land)
    share = observation.fine.block_mean(land, 2)
    cells = np.argwhere(share > 0)
    observed = ObservedCells(observation.coarse, share, share > 0, observation.point_spread)
    exact = observation.rows(cells).reshape(len(cells), 12, 2, 14, 2).sum(axis=(2, 4))
    found = observed.operator().rows()
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1.0, atol=1e-12)
    # The kernel of a fine cell half a cell away differs by d² / 8 p² ≈ 5 % at the edge, where it is cut; less elsewhere.
    assert np.abs(found - exact).max() < 0.05 * exact.max()
    middle = np.flatnonzero((cells == [9, 6]).all(axis=1))[0]
    assert np.abs(found - exact)[middle].max() < 0.02 * exact[middle].max()


def test_means_over_cells_by_hand():
    # 2 × 2 cells averaged; the window begins in an odd row, so its first row is a block's second.
    grid = Grid(0.0, 0.0, 1.0, 1.0, 3, 2)
    known = np.array([[True, True], [True, False], [True, True]])
    observed = ObservedCells(grid, np.ones((3, 2)), known, PointSpread.gaussian(300.0), (1, 0), 2)
    values = np.array([[1.0, 3.0], [10.0, 99.0], [20.0, 30.0]])
    area = grid.row_area
    expected = [2.0, (10 * area[1] + 50 * area[2]) / (area[1] + 2 * area[2])]
    np.testing.assert_allclose(observed.take(values), expected)
    back = observed.give(np.array([1.0, 1.0]))
    assert back[1, 1] == 0.0
    np.testing.assert_allclose([back[0].sum(), back[1:].sum()], [1.0, 1.0])


def test_how_many_cells_are_averaged():
    grid = Grid.covering(0, 10, 0, 10, 0.5)
    # p = 127 and 212 km, 0.9 p / 55.6 km = 2.06 and 3.4
    assert [cells_averaged(grid, PointSpread.gaussian(r)) for r in (150.0, 250.0)] == [2, 3]
    assert cells_averaged(grid, PointSpread()) == 1


def test_noise_by_hand():
    observation = small(3, 3)
    observed = ObservedCells(observation.coarse, np.ones((3, 3)), np.ones((3, 3), dtype=bool), PointSpread())
    uncertainty = np.zeros((3, 3))
    uncertainty[0, 0] = 5.0
    r = Noise(4.0, 0.5, 300.0).covariance(observed, uncertainty)
    deviation = np.array([5.0] + [2.0] * 8)
    expected = 0.5 * np.diag(deviation**2) + 0.5 * np.outer(deviation, deviation) * exponential(observation.coarse, 300.0)
    np.testing.assert_allclose(r, expected, rtol=1e-9)


def test_operator_error_is_the_spread_of_operators():
    """½ Σ± (H± − H) C (H± − H)ᵀ with operators made anew for the other radii."""
    spread = PointSpread.gaussian(150.0)
    share, known = np.ones((6, 7)), np.ones((6, 7), dtype=bool)
    observation = small(6, 7)
    table = CellCovariances(observation.fine, 2).of(0.3)
    cells = np.argwhere(known)
    matrix = table.between(cells, cells)
    h, wide, narrow = (
        ObservedCells(observation.coarse, share, known, PointSpread.gaussian(r)).operator().rows().reshape(42, -1)
        for r in (150.0, 165.0, 135.0)
    )
    expected = 0.5 * ((wide - h) @ matrix @ (wide - h).T + (narrow - h) @ matrix @ (narrow - h).T)
    found = operator_error(ObservedCells(observation.coarse, share, known, spread), table, 0.1)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.abs(operator_error(ObservedCells(observation.coarse, share, known, spread), table, 0.0)).max() == 0.0
