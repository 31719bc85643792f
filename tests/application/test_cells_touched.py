"""Which cells a box touches, by hand on cells of 0.5° from 20°N 85°W to 26°N 77°W."""

from __future__ import annotations

import pytest

from gwkeras.application.opening import cells_touched
from gwkeras.core.box import Edges
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid

GRID = Grid.covering(20, 26, -85, -77, 0.5)


@pytest.mark.parametrize(
    ("edges", "rows", "columns"),
    [
        (Edges(), (0, 12), (0, 16)),
        (Edges(south=20.7), (1, 12), (0, 16)),
        (Edges(20.5, 21.0, -84.9, -80.1), (1, 2), (0, 10)),
        (Edges(20.5, 21.0, 275.1, 279.9), (1, 2), (0, 10)),  # the same longitudes, counted to 360°
    ],
)
def test_edges_are_widened_to_whole_cells(edges, rows, columns):
    assert cells_touched(GRID, edges.checked()) == (slice(*rows), slice(*columns))


def test_a_box_beyond_the_grid_is_none():
    assert cells_touched(GRID, Edges(south=19.9)) is None
    assert cells_touched(GRID, Edges(east=-76.9)) is None


def test_exchanged_edges_are_refused():
    with pytest.raises(BadInput, match="the southern edge below the northern one, found 25 and 22"):
        Edges(25, 22).checked()
