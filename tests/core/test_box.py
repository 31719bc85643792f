"""Boxes as people type them."""

import pytest

from gwkeras.core.box import Edges, describe_box
from gwkeras.core.errors import BadInput


@pytest.mark.parametrize(
    ("west", "east", "expected"),
    [
        (-85.0, -65.0, (-85.0, -65.0)),
        (275.0, 295.0, (-85.0, -65.0)),
        (350.0, 10.0, (-10.0, 10.0)),
        (0.0, 360.0, (-180.0, 180.0)),
        (-180.0, 180.0, (-180.0, 180.0)),
        (100.0, 180.0, (100.0, 180.0)),
        (180.0, 200.0, (-180.0, -160.0)),
        (275.0, None, (-85.0, None)),
        (None, 360.0, (None, 0.0)),
        (None, 180.0, (None, 180.0)),
    ],
)
def test_longitudes_in_either_convention(west, east, expected):
    box = Edges(west=west, east=east).checked()
    assert (box.west, box.east) == expected


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [
        (
            Edges(west=170.0, east=190.0),
            "--west and --east: expected a western edge below the eastern one, in a box that does not",
        ),
        (Edges(west=-65.0, east=-85.0), "found -65 and -85; exchange them, or work on the two sides of the dateline"),
        (
            Edges(south=10.0, north=-5.0),
            "--south and --north: expected the southern edge below the northern one, found 10 and -5",
        ),
        (Edges(south=-95.0), "--south: expected degrees from -90 to 90, found -95; correct it."),
        (Edges(east=400.0), "--east: expected degrees from -180 to 360, found 400; correct it."),
        (Edges(west=float("nan")), "--west: expected degrees from -180 to 360, found nan; correct it."),
    ],
)
def test_what_is_no_box_is_refused(edges, sentence):
    with pytest.raises(BadInput) as refused:
        edges.checked()
    assert sentence in str(refused.value)


def test_words():
    assert describe_box(-20.0, 2.0, -85.0, -65.0) == "2°N … 20°S, 85°W … 65°W"
    assert describe_box(-2.5, 0.0, 0.0, 180.0) == "0° … 2.5°S, 0° … 180°E"
