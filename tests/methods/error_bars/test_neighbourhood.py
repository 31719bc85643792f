"""Means over what is near, on blocks of a large grid: the window keeps its width, its weight and its coasts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from gwkeras.core.grid import Grid
from gwkeras.methods.error_bars import neighbourhood
from gwkeras.methods.error_bars.neighbourhood import mean_near

GLOBE = Grid(-45.0, -180.0, 2.5, 2.5, 36, 144)


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(neighbourhood, "_LARGE", 100)


def test_a_constant_stays_as_it_is_along_any_coast(large):
    land = np.random.default_rng(0).random(GLOBE.shape) < 0.4
    found = mean_near(np.where(land, 7.0, 0.0), land.astype(float), 10.0, GLOBE, 4)
    np.testing.assert_allclose(found[land], 7.0, rtol=1e-12)


@pytest.mark.parametrize("block", [2, 4])
def test_the_window_is_as_wide_as_it_is_asked_for(large, block):
    """The mean squared distance from a cell, over the places in a block, is the window's variance: 16 cells squared."""
    variances = []
    for place in range(block):
        field = np.zeros(GLOBE.shape)
        field[16 + place, 72 + place] = 1.0
        found = mean_near(field, np.ones(GLOBE.shape), 10.0, GLOBE, block)
        for axis, own in ((0, 16 + place), (1, 72 + place)):
            profile = found.sum(axis=1 - axis)
            variances.append((profile * (np.arange(len(profile)) - own) ** 2).sum() / profile.sum())
    assert np.mean(variances) == pytest.approx(16.0, rel=0.01)


def test_means_are_near_those_of_all_cells(large):
    rng = np.random.default_rng(1)
    land = (ndimage.gaussian_filter(rng.standard_normal(GLOBE.shape), 5, mode=("nearest", "wrap")) > 0).astype(float)
    field = ndimage.gaussian_filter(rng.standard_normal(GLOBE.shape), 2, mode=("nearest", "wrap")) ** 2
    mode = ("nearest", "wrap")
    exact = ndimage.gaussian_filter(field * land, 4.0, mode=mode) / ndimage.gaussian_filter(land, 4.0, mode=mode)
    found = mean_near(field, land, 10.0, GLOBE, 4)
    inside = land[8:-8] > 0  # beyond the outermost rows both go on as at the last, which is a cell here and a block there
    error = (found - exact)[8:-8][inside]
    assert np.sqrt(np.mean(error**2)) < 0.05 * np.mean(exact[8:-8][inside])  # of σ half as much
