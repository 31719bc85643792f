"""Records that say nothing, and places that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gwkeras.analysis.wells.places import DUPLICATE, NO_PLACE, OUTSIDE, SWAPPED, cells_of, distance_to_edge, on_the_grid
from gwkeras.analysis.wells.quality import CONSTANT, JUMP, NO_READINGS, TOO_SHORT, checked
from gwkeras.analysis.wells.reading.table import Wells
from gwkeras.analysis.wells.settings import QualityConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid

MONTHS = np.arange("2002-01", "2012-01", dtype="datetime64[M]")


def test_what_is_left_out_and_what_stays():
    rng = np.random.default_rng(0)
    month = np.arange(MONTHS.size)
    season = 3.0 * np.sin(2 * np.pi * month / 12) + 0.2 * rng.normal(size=(8, month.size))
    level = season.copy()
    level[1, 20:] = np.nan  # 20 months
    level[2] = 5.0
    level[3] = np.where(rng.random(month.size) < 0.7, 5.0, season[3])
    level[4, 60:] += 40.0  # a new datum
    level[5] -= 0.4 * month  # depletion: gradual, so it is no jump
    level[6, 70] = 400.0  # one wrong reading
    level[7] = np.nan
    found = checked(level, MONTHS, QualityConfig())
    assert found.reason.tolist() == ["", TOO_SHORT, CONSTANT, CONSTANT, JUMP, "", "", NO_READINGS]
    assert found.detail[1] == "20 of at least 24"
    assert found.detail[4].endswith("m in 2007-01")
    assert found.spikes == 1
    assert np.isnan(found.level[6, 70])
    assert np.isfinite(found.level[[0, 4, 5]]).all()


def test_seasons_of_quarterly_readings_are_no_jumps():
    months = MONTHS[::3]
    level = 15.0 * np.sin(2 * np.pi * np.arange(months.size) / 4)[None] + np.random.default_rng(1).normal(size=(1, months.size))
    assert checked(level, months, QualityConfig()).reason.tolist() == [""]


def wells_at(*places, level=None):
    lat, lon = (np.array([p[k] for p in places], float) for k in (0, 1))
    count = lat.size
    level = np.arange(count * 3.0).reshape(count, 3) if level is None else level
    names = np.array([f"w{k}" for k in range(count)], dtype=object)
    nothing = np.full(count, np.nan)
    return Wells(names, lat, lon, MONTHS[:3], level, nothing, nothing, pd.DataFrame(index=range(count)))


def test_places():
    grid = Grid(8.0, 68.0, 0.5, 0.5, 40, 50)
    wells = wells_at((10.1, 70.1), (70.1, 10.1), (np.nan, 70.0), (50.0, 70.0), (10.1, 70.1), (10.1, 70.1), (11.0, 430.2))
    wells.level[4] = wells.level[0]
    kept, left_out = on_the_grid(wells, grid)
    assert kept.names.tolist() == ["w0", "w5", "w6"]
    assert {entry.name: entry.reason for entry in left_out} == {"w1": SWAPPED, "w2": NO_PLACE, "w3": OUTSIDE, "w4": DUPLICATE}
    assert next(entry.detail for entry in left_out if entry.name == "w4") == "same place and readings as w0"


def test_a_table_whose_coordinates_are_all_exchanged_is_refused():
    grid = Grid(8.0, 68.0, 0.5, 0.5, 40, 50)
    with pytest.raises(BadInput, match=r"2 of 3 wells there only with latitude and longitude exchanged.*exchange columns"):
        on_the_grid(wells_at((70.1, 10.1), (71.1, 11.1), (10.0, 70.0)), grid)
    with pytest.raises(BadInput, match="the first at 40°S 10°E"):
        on_the_grid(wells_at((-40.0, 10.0)), grid)


def test_cells_and_edges_of_a_grid():
    grid = Grid(-90.0, -180.0, 1.0, 1.0, 180, 360)
    row, col, inside = cells_of(grid, np.array([-90.0, 89.5, 90.0, 0.0, 91.0]), np.array([-180.0, 179.9, 180.0, 359.5, 0.0]))
    assert inside.tolist() == [True, True, True, True, False]
    assert row[:4].tolist() == [0, 179, 179, 90]
    assert col[:4].tolist() == [0, 359, 0, 179]


def test_distance_from_the_edge_is_a_great_circle():
    grid = Grid(0.0, 0.0, 1.0, 1.0, 10, 10)
    known = np.ones(grid.shape, bool)
    assert np.isinf(distance_to_edge(grid, known, np.array([5.5]), np.array([5.5]))).all()
    known[5, 9] = False
    assert distance_to_edge(grid, known, np.array([0.5]), np.array([9.5])) == pytest.approx([5 * np.pi * 6371 / 180])
