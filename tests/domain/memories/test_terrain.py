"""Terrain maps of surfaces whose slope and relief are known."""

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.domain.memories.terrain import elevation_among, terrain_maps

GRID = Grid(-2.0, 30.0, 0.125, 0.125, 32, 32)
KM = 2 * np.pi * 6371.0 / 360 * 0.125  # a cell at the equator


def test_slope_of_a_tilted_plane():
    height = 1000 + 10.0 * KM * np.arange(32)[:, None] * np.ones(32)  # 10 m per km northwards
    slope = np.expm1(terrain_maps(GRID, height)["slope"])
    assert slope[1:-1, 1:-1] == pytest.approx(np.full((30, 30), 10.0), rel=1e-6)
    eastwards = np.expm1(terrain_maps(GRID, height.T)["slope"])
    assert eastwards[16, 16] == pytest.approx(10.0 / np.cos(np.deg2rad(GRID.lat[16])), rel=1e-6)


def test_a_plain_has_no_relief_and_no_position():
    maps = terrain_maps(GRID, np.full((32, 32), 350.0))
    assert maps["roughness"] == pytest.approx(np.full((32, 32), np.log(20.0)), abs=1e-3)
    assert maps["position"] == pytest.approx(np.zeros((32, 32)), abs=1e-9)


def test_a_hill_stands_above_and_a_valley_below_and_wetness_goes_the_other_way():
    hill = np.zeros((32, 32))
    hill[16, 16] = 300.0
    up, down = terrain_maps(GRID, 500 + hill), terrain_maps(GRID, 500 - hill)
    assert up["position"][16, 16] > 0.5 > -0.5 > down["position"][16, 16]
    assert up["wetness"][16, 16] < 0 < down["wetness"][16, 16]


def test_the_globe_closes_around_the_dateline():
    globe = Grid(-90.0, -180.0, 2.0, 2.0, 90, 180)
    height = 500 + 300 * np.sin(np.deg2rad(globe.lon))[None] * np.cos(np.deg2rad(globe.lat))[:, None]
    turned = np.roll(height, 90, axis=1)
    for name, field in terrain_maps(globe, height).items():
        assert terrain_maps(globe, turned)[name] == pytest.approx(np.roll(field, 90, axis=1), abs=1e-9), name


def test_elevation_is_known_by_its_names():
    assert elevation_among(("soil", "DEM")) == "DEM"
    assert elevation_among(("soil",)) is None
