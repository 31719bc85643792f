from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.methods.updates.kriging.solvers.windows import layout
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed


@pytest.mark.parametrize("grid", [Grid.covering(-90, 90, -180, 180, 5.0), Grid.covering(10, 60, 3, 58, 1.0)])
@pytest.mark.parametrize("radius", [0.0, 300.0])
def test_cores_cover_the_grid_once(grid, radius):
    counted = np.zeros(grid.shape, dtype=int)
    rows, columns = np.indices(grid.shape)
    for window in layout(grid, radius, core=7, halo=2, halo_km=600.0, largest=50):
        counted[window.core_in_whole()] += 1
        # The core of the window's part is the core's part of the whole, also across the dateline.
        taken = window.take(rows * 1000 + columns)
        np.testing.assert_array_equal(taken[window.core()], (rows * 1000 + columns)[window.core_in_whole()])
        assert window.inner()[window.core()].all()
        assert window.grid(grid).lat[window.halo_row] == pytest.approx(grid.lat[window.row + window.halo_row])
    assert (counted == 1).all()


def test_a_small_region_is_one_window():
    grid = Grid.covering(0, 10, 0, 10, 0.5)
    window, *others = layout(grid, 300.0, 8, 4, 0.0, 400)
    assert not others
    assert (window.n_lat, window.n_lon) == grid.shape
    assert window.inner().all()


def field(grid: Grid, seed: int) -> np.ndarray:
    """Rough product fields of 60 mm: waves with random phases, amplitudes as for a slope of about zero."""
    rng = np.random.default_rng(seed)
    lat, lon = np.meshgrid(grid.lat, grid.lon, indexing="ij")
    total = np.zeros(grid.shape)
    for length in (1.5, 3.0, 6.0, 12.0, 24.0):
        for _ in range(12):
            angle, phase = rng.uniform(0, 2 * np.pi, 2)
            total += np.sin(2 * np.pi / length * (lat * np.sin(angle) + lon * np.cos(angle)) + phase)
    return 60.0 * total / total.std()


def test_a_large_filtered_region_is_taken_in_blocks():
    """Means over 2 × 2 cells for a filter of p = 127 km: the same month on cells and on blocks, in the region's middle."""
    coarse = Grid.covering(0, 20, 70, 94, 0.5)
    fine = coarse.refine(2)
    observation = Observation(fine, 2, np.ones(fine.shape), PointSpread.gaussian(150.0))
    recipe = Kriging(operator_uncertainty=0.15)
    values = observation(np.repeat(np.repeat(field(coarse, 3), 2, 0), 2, 1))
    cells, blocks = (
        assumed(replace(recipe, largest_window=most), observation, variance=3600.0, slope=0.3, noise=25.0)
        for most in (3000, 1900)
    )
    assert (cells.region.block, blocks.region.block) == (1, 2)
    assert blocks.region.grid == coarse.coarsen(2)
    one, many = (fitted.posterior(np.zeros(fine.shape), values) for fitted in (cells, blocks))
    difference = (one.mean - many.mean)[16:-16, 16:-16]
    # Blocks of 111 km are 0.9 p: they lose e⁻⁴ of amplitude and more, which σ knows nothing of.
    assert np.sqrt((difference**2).mean()) < 0.1 * one.sigma.mean()
    np.testing.assert_allclose(many.sigma[16:-16, 16:-16], one.sigma[16:-16, 16:-16], rtol=0.05)


def test_the_globe_closes():
    """What lies on the dateline is downscaled as the same field shifted by a quarter of the globe."""
    coarse = Grid.covering(-30, 30, -180, 180, 3.0)
    fine = coarse.refine(2)
    observation = Observation(fine, 2, np.ones(fine.shape))
    fitted = assumed(Kriging(largest_window=100), observation, 400.0, 0.3, 4.0)
    values = np.random.default_rng(2).standard_normal(coarse.shape) * 20
    prior = np.zeros(fine.shape)
    here = fitted.posterior(prior, values).mean
    there = fitted.posterior(prior, np.roll(values, 30, axis=1)).mean
    np.testing.assert_allclose(np.roll(here, 60, axis=1), there, atol=1e-6)
