"""A filter that sees beyond the region's edges, against sums over every cell."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.observation.open_edges import OpenEdges
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

GRID = Grid(30.0, 10.0, 1.0, 1.0, 4, 5)
SPREAD = PointSpread.gaussian(150.0)
LAND = np.random.default_rng(0).uniform(0.2, 1.0, GRID.shape)
FIELD = np.random.default_rng(1).normal(size=GRID.shape)
ROWS, COLUMNS = 4, 5  # 375 km, at 111 km a row and 92 km a column


def by_hand(land: np.ndarray, field: np.ndarray, south: float, west: float, lat: float, lon: float) -> float:
    """The filtered value at a place, by haversines to each cell of 1° in turn; ½ of the weight at 150 km."""
    total = weight = 0.0
    for i in range(land.shape[0]):
        for j in range(land.shape[1]):
            a, b = np.deg2rad(south + i + 0.5), np.deg2rad(west + j + 0.5)
            here = np.deg2rad(lat)
            half = np.sin((a - here) / 2) ** 2 + np.cos(a) * np.cos(here) * np.sin((b - np.deg2rad(lon)) / 2) ** 2
            near = 0.5 ** (half / np.sin(150.0 / 6371.0 / 2) ** 2)
            mass = near * np.cos(a) * land[i, j]
            total, weight = total + mass * field[i, j], weight + mass
    return total / weight


def continued(values: np.ndarray) -> np.ndarray:
    rows = np.clip(np.arange(-ROWS, 4 + ROWS), 0, 3)
    return values[rows][:, np.clip(np.arange(-COLUMNS, 5 + COLUMNS), 0, 4)]


def test_land_goes_on_beyond_the_edges_as_it_is_at_them() -> None:
    seen = OpenEdges(GRID, LAND, SPREAD)(FIELD)
    for row, column in ((0, 0), (1, 2), (3, 4)):
        expected = by_hand(continued(LAND), continued(FIELD), 26.0, 5.0, 30.5 + row, 10.5 + column)
        assert seen[row, column] == pytest.approx(expected, abs=1e-4)


def test_many_fields_of_a_small_grid_are_seen_as_one_is() -> None:
    cells = np.array([[0, 0], [1, 2], [3, 4]])
    fields = np.random.default_rng(4).normal(size=(2, 20, 4, 5))  # forty of them: a matrix
    seen = OpenEdges(GRID, LAND, SPREAD).at(cells, fields)
    for field, found in zip(fields[1], seen[1], strict=True):
        for (row, column), value in zip(cells, found, strict=True):
            expected = by_hand(continued(LAND), continued(field), 26.0, 5.0, 30.5 + row, 10.5 + column)
            assert value == pytest.approx(expected, abs=1e-4)
    one = OpenEdges(GRID, LAND, SPREAD).at(cells, fields[1, :1])  # filtered
    assert one == pytest.approx(seen[1, :1], abs=1e-6)


def test_a_map_of_what_is_seen_goes_into_the_matrix_and_gaps_are_left_to_the_filter() -> None:
    cells, edges = np.array([[0, 0], [3, 4]]), OpenEdges(GRID, LAND, SPREAD)
    fields = np.random.default_rng(5).normal(size=(30, 4, 5))

    def turned(seen: np.ndarray) -> np.ndarray:
        return seen @ np.array([[0.0, 2.0], [1.0, 0.0]], dtype=np.float32)

    plain = edges.at(cells, fields)
    assert edges.at(cells, fields, turned) == pytest.approx(np.stack([plain[:, 1], 2 * plain[:, 0]], axis=1), abs=1e-5)
    fields[7, 1, 1] = np.nan
    assert edges.at(cells, fields, turned)[7] == pytest.approx(turned(edges(fields[7])[[0, 3], [0, 4]]), abs=1e-6)


def test_what_lies_beyond_is_what_its_weights_say() -> None:
    edges = OpenEdges(GRID, LAND, SPREAD)
    truth = np.random.default_rng(2).normal(size=(4 + 2 * ROWS, 5 + 2 * COLUMNS))
    within = truth[ROWS : ROWS + 4, COLUMNS : COLUMNS + 5]
    assert edges.wide.shape == truth.shape
    cells = np.array([[0, 0], [2, 3]])
    points, weights = edges.beyond(cells)
    for (row, column), mine in zip(cells, weights, strict=True):
        expected = by_hand(continued(LAND), truth, 26.0, 5.0, 30.5 + row, 10.5 + column) - edges(within)[row, column]
        assert mine @ truth[tuple(points.T)] == pytest.approx(expected, abs=1e-3)
    assert np.allclose(weights.sum(axis=1), 0.0, atol=1e-12)


def test_a_region_that_ends_in_sea_has_nothing_beyond() -> None:
    island = np.pad(LAND[1:3, 1:4], 1)
    edges = OpenEdges(GRID, island, SPREAD)
    assert np.allclose(edges(FIELD), Observation(GRID, 1, island, SPREAD)(FIELD), equal_nan=True)
    points, weights = edges.beyond(np.array([[1, 1], [2, 2]]))
    assert points.shape == (0, 2)
    assert weights.shape == (2, 0)


def test_there_is_nothing_beyond_a_pole_or_around_the_globe() -> None:
    globe = Grid(-90.0, -180.0, 10.0, 10.0, 18, 36)
    edges = OpenEdges(globe, np.ones(globe.shape), PointSpread.gaussian(1500.0))
    assert edges.wide == globe
    assert edges.beyond(np.array([[0, 0], [17, 35]]))[1].shape == (2, 0)
    cap = OpenEdges(Grid(85.0, 0.0, 1.0, 1.0, 5, 8), np.ones((5, 8)), SPREAD)
    assert (cap.wide.south, cap.wide.north) == (81.0, 90.0)
