"""Distance to the sea, and scores by place, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.evaluate.findings.places import by_box, by_distance_to_sea, distance_to_sea
from tests.report.small import evaluation

DEGREE_KM = np.deg2rad(1.0) * EARTH_RADIUS_KM


def test_distance_is_measured_on_the_sphere():
    grid = Grid(-1.0, 0.0, 1.0, 1.0, 2, 6)
    land = np.ones(grid.shape)
    land[:, 0] = 0.0
    found = distance_to_sea(grid, land)
    at_half_a_degree = 2 * EARTH_RADIUS_KM * np.arcsin(np.cos(np.deg2rad(0.5)) * np.sin(np.deg2rad(np.arange(6.0)) / 2))
    assert found[0] == pytest.approx(at_half_a_degree)
    north = distance_to_sea(Grid(59.0, 0.0, 1.0, 1.0, 2, 6), land)
    assert north[0, 3] == pytest.approx(3 * DEGREE_KM * np.cos(np.deg2rad(59.5)), rel=1e-3)
    assert np.isinf(distance_to_sea(grid, np.ones(grid.shape))).all()


def with_sea(western_columns: int):
    found = evaluation()
    found.data["land_area_map"].values[:, :western_columns] = 0.0
    return found


def test_classes_from_the_sea_inland():
    """Cells of half a degree are some 54.6 km wide at 11°N: the columns stand 55, 109, 164, 218 and 273 km from the sea."""
    found = by_distance_to_sea(with_sea(1))
    names = ["50 to 100 km from the sea", "100 to 200 km from the sea", "200 to 500 km from the sea"]
    assert [place.name for place in found] == names
    assert [place.rmse.tolist() for place in found] == [pytest.approx([2.0, 1.0])] * len(found)
    assert sum(place.area_km2 for place in found) == pytest.approx(float(with_sea(1).data["land_area_map"].sum()))
    assert by_distance_to_sea(evaluation()) == ()


def test_boxes_hold_all_of_the_land_once():
    found = by_box(evaluation())
    assert [place.name for place in found] == [
        "10°N to 12°N, 20°E to 22°E",
        "10°N to 12°N, 22°E to 23°E",
    ]  # the region ends at 23°E
    assert sum(place.area_km2 for place in found) == pytest.approx(float(evaluation().data["land_area_map"].sum()))
    assert found[0].bias.tolist() == pytest.approx([2.0, 1.0])


def test_weights_are_area_by_months():
    """Off by 1 mm in the west and 3 in the east, of equal area: √((1 + 9) / 2)."""
    found = evaluation()
    found.data["rmse_map"].values[1, :, :2] = 3.0
    west, east = by_box(found)
    area = found.data["land_area_map"].values
    expected = np.sqrt((area[:, :2].sum() * 9 + area[:, 2:4].sum() * 1) / area[:, :4].sum())
    assert west.rmse[1] == pytest.approx(expected)
    assert east.rmse[1] == pytest.approx(1.0)
