from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from benchmarks.basins import outlines
from gwkeras.core.grid import Grid


def test_basins_are_pieces_of_land_of_about_the_size_that_is_asked_for():
    fine = Grid(15.0, 70.0, 0.25, 0.25, 40, 48)
    land = np.ones(fine.shape)
    land[:, :8] = 0.0
    found = outlines(SimpleNamespace(fine=fine, land_fine=land), 55_000.0)
    areas = (found * fine.area).sum(axis=(1, 2))
    assert len(found) >= 10
    assert found.sum(axis=0).max() == 1.0  # none lies in two
    assert not found[:, :, :8].any()
    assert areas.min() > 27_500.0
    assert areas.max() < 110_000.0
