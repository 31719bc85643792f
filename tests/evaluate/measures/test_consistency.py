"""A field, seen as the satellite sees it, beside the product."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.evaluate.measures.consistency import product_gap
from tests.report.small import COARSE, SmallDomain, evaluation

JANUARY = SmallDomain.months[0]


def test_a_field_that_the_product_would_show_as_it_is():
    assert product_gap(SmallDomain(), SmallDomain().observation, np.full((4, 6), 7.0), JANUARY) == pytest.approx(
        (0.0, COARSE.area.sum())
    )


def test_the_gap_is_squared_by_area():
    """9 mm in one product cell, which shows 7: 4 mm² of that cell; what is not known there is left out of the cell's mean."""
    field = np.full((4, 6), 7.0)
    field[:2, :2] = 9.0
    field[0, 0] = np.nan
    squares, area = product_gap(SmallDomain(), SmallDomain().observation, field, JANUARY)
    assert squares == pytest.approx(4.0 * COARSE.area[0, 0])
    assert area == pytest.approx(COARSE.area.sum())


def test_every_method_has_one_figure_a_month():
    """The truth is 0, 4 and 8 mm where the product shows 7; "nearest" is 2 mm higher, "model" 1."""
    found = evaluation().data["consistency"].values
    for row, off in enumerate((2.0, 1.0)):
        gaps = 7.0 - (np.array([0.0, 4.0, 8.0]) + off)
        assert found[row] == pytest.approx([np.sqrt(np.mean(gaps**2))] * 2)
