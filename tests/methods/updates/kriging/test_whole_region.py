from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance, shares
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.zonal_tables import CellToFine, cell_tables
from gwkeras.methods.updates.kriging.solvers import whole_region
from gwkeras.methods.updates.kriging.solvers.conjugate_gradients import conjugate_gradients
from gwkeras.methods.updates.kriging.solvers.neighbourhoods import Neighbourhoods
from gwkeras.methods.updates.kriging.solvers.whole_region import WholeRegion
from tests.methods.updates.kriging.worlds import chords

GRID = Grid.covering(15, 27, 70, 84, 0.5)
LAND = np.ones(GRID.shape)
LAND[10:14, 5:12] = LAND[:, 25:] = 0.0  # a lake and a coast
CELLS = np.argwhere(LAND > 0)
RNG = np.random.default_rng(0)
DEVIATION = np.broadcast_to(3.0 + np.sin(GRID.lat)[:, None], GRID.shape)


def textbook(covariance: Covariance, noise: Noise) -> np.ndarray:
    """H C Hᵀ + R of the land cells as a matrix."""
    table = np.tensordot(shares(covariance.slope), cell_tables(GRID.refine(4), 4), axes=1)
    signal = table[CELLS[:, None, 0], CELLS[None, :, 0], np.abs(CELLS[:, None, 1] - CELLS[None, :, 1])]
    inside = (LAND > 0).ravel()
    apart = chords(GRID)[np.ix_(inside, inside)]
    spread = DEVIATION[LAND > 0]
    correlation = noise.correlated * np.exp(-apart / noise.length_km) + (1 - noise.correlated) * np.eye(len(spread))
    return covariance.variance * signal + spread[:, None] * spread * correlation


def carried(covariance: Covariance, weights: np.ndarray) -> np.ndarray:
    fine = GRID.refine(4)
    table = CellToFine(fine, 4, tuple(covariance.amplitudes.tolist()), slice(0, fine.n_lat))
    fields = np.zeros((weights.shape[1], *GRID.shape))
    fields[:, CELLS[:, 0], CELLS[:, 1]] = weights.T
    return table(fields, slice(0, fine.n_lon))


@pytest.mark.parametrize(("slope", "largest", "tolerance"), [(0.0, 3000, 1e-3), (0.0, 0, 0.1), (0.3, 0, 0.1), (-0.3, 0, 0.1)])
def test_all_cells_at_once_are_the_textbooks(monkeypatch, slope, largest, tolerance):
    """Fields of 40 mm: exact where the region is small, to 0.1 mm where it is taken for a large one, at coasts too."""
    monkeypatch.setattr(whole_region, "_SMALL", largest)
    covariance, noise = Covariance(2500.0, slope), Noise(9.0)
    matrix = textbook(covariance, noise)
    drawn = np.linalg.cholesky(matrix) @ RNG.standard_normal(len(matrix))
    residual = np.zeros(GRID.shape)
    residual[LAND > 0] = drawn
    expected = carried(covariance, np.linalg.solve(matrix, drawn)[:, None])[0]
    found = WholeRegion(GRID, 4, LAND, covariance, noise, DEVIATION).increment(residual, LAND > 0)
    known = np.repeat(np.repeat(LAND > 0, 4, 0), 4, 1)
    assert expected[known].std() > 25
    assert np.abs(found - expected)[known].max() < tolerance


def test_the_globe_has_no_seam(monkeypatch):
    """A field turned by a quarter of the globe is downscaled to the same, turned."""
    monkeypatch.setattr(whole_region, "_SMALL", 0)
    grid = Grid.covering(-60, 75, -180, 180, 5.0)
    land = (np.random.default_rng(1).random(grid.shape) < 0.6).astype(float)
    values = 40.0 * np.random.default_rng(2).standard_normal(grid.shape)
    noise = np.full(grid.shape, 5.0)
    here, there = (
        WholeRegion(grid, 2, turned, Covariance(1600.0, 0.0), Noise(25.0), noise).increment(field, turned > 0)
        for turned, field in ((land, values), (np.roll(land, 18, axis=1), np.roll(values, 18, axis=1)))
    )
    assert here.std() > 5
    np.testing.assert_allclose(np.roll(here, 36, axis=1), there, atol=0.01)


def test_sigma_from_the_cells_around_is_that_from_all():
    covariance, noise = Covariance(2500.0, 0.0), Noise(9.0)
    matrix = textbook(covariance, noise)
    cross = carried(covariance, np.eye(len(matrix)))  # (n, fine)
    fine = [(20, 48), (0, 0), (36, 48), (80, 99)]  # inside, a corner, by the lake, by the coast
    around = Neighbourhoods(GRID, 4, LAND, covariance, noise)
    known = LAND > 0
    found = around.variance(known, DEVIATION, pinned=False)
    pinned = around.variance(known, DEVIATION, pinned=True)
    for row, column in fine:
        seen = cross[:, row, column]
        left = 2500.0 - seen @ np.linalg.solve(matrix, seen)
        assert np.sqrt(found[row, column]) == pytest.approx(np.sqrt(left), rel=0.005)
        own = int(np.flatnonzero((CELLS == (row // 4, column // 4)).all(axis=1))[0])
        noise_of = matrix[own] - textbook(covariance, replace(noise, correlated=0.0))[own]
        noise_of[own] = DEVIATION[row // 4, column // 4] ** 2
        added = noise_of @ np.linalg.solve(matrix, noise_of)
        assert pinned[row, column] - found[row, column] == pytest.approx(added, rel=0.05, abs=0.02)
    assert (found[48, 24:44] == 2500.0).all()  # where there is no land


def test_errors_of_leaving_a_cell_out():
    covariance, noise = Covariance(2500.0, 0.0), Noise(9.0)
    matrix = textbook(covariance, noise)
    values = np.zeros((3, *GRID.shape))
    values[:, LAND > 0] = (np.linalg.cholesky(matrix) @ RNG.standard_normal((len(matrix), 3))).T
    inverse = np.linalg.inv(matrix)
    squares, expected = Neighbourhoods(GRID, 4, LAND, covariance, noise).left_out(values, LAND > 0, DEVIATION)
    errors = (inverse @ values[:, LAND > 0].T) / np.diag(inverse)[:, None]
    np.testing.assert_allclose(expected[LAND > 0], 1 / np.diag(inverse), rtol=0.02)
    np.testing.assert_allclose(squares[LAND > 0].mean(), (errors**2).mean(), rtol=0.02)


def test_noise_that_makes_cells_repeat_one_another():
    with pytest.raises(BadInput, match=r"cells that can be solved.*; raise update\.least_noise_mm"):
        conjugate_gradients(lambda x: np.array([1.0, -1.0]) * x, np.array([1.0, 2.0]), np.eye(2))
