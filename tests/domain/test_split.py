"""Splits: parts are apart, spans are spans, and no held-out cell is ever trained on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.config.tree import SplitConfig
from gwkeras.core.errors import ConfigError, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.domain.split import Box, divide, held_out_mask, parse_span

GRID = Grid(0.0, 100.0, 0.5, 0.5, 16, 24)
LAND = np.ones(GRID.shape)


def months(first: int, last: int, missing: tuple[int, ...] = ()) -> np.ndarray:
    return from_month_number(np.array([m for m in range(first, last + 1) if m not in missing]))


@given(
    length=st.integers(30, 260),
    seed=st.integers(0, 100),
    span=st.integers(1, 24),
    buffer=st.integers(0, 2),
    missing=st.sets(st.integers(0, 259), max_size=40),
)
def test_parts_are_apart_and_shares_are_kept(length, seed, span, buffer, missing):
    record = months(0, length, tuple(missing))
    split = divide(record, GRID, LAND, SplitConfig(seed=seed, span_months=span, buffer_months=buffer))
    parts = [set(split.months_of(part)) for part in ("train", "validation", "test")]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    held = sorted(parts[1] | parts[2])
    assert min(abs(t - h) for t in parts[0] for h in held) > buffer
    largest = min(span, (length + 1) // 5)
    assert len(parts[2]) <= max(0.2 * len(record) + largest, largest)
    if not buffer:
        assert len(set.union(*parts)) == len(record)


def test_spans_of_the_configuration_are_taken_as_they_stand():
    config = SplitConfig(test_months=("2010-01:2010-03", "2012-05"), validation_months=("2009-01:2009-12",), buffer_months=1)
    split = divide(months(12 * 6, 12 * 11), GRID, LAND, config)
    assert split.test_months == ("2010-01", "2010-02", "2010-03", "2012-05")
    assert split.validation_months == tuple(f"2009-{m:02d}" for m in range(1, 13))
    assert not {"2008-12", "2009-12", "2010-04", "2012-04", "2012-06"} & set(split.train_months)
    assert {"2008-11", "2010-05", "2012-03", "2012-07"} <= set(split.train_months)


@pytest.mark.parametrize("text", ["2010", "2010-13", "soon", "2010-01:", "2012-01:2010-01", "2010-01:x"])
def test_a_span_that_cannot_be_read_is_refused(text):
    with pytest.raises(ConfigError, match=r"split\.test_months"):
        divide(months(0, 200), GRID, LAND, SplitConfig(test_months=(text,)))


def test_a_span_is_inclusive():
    assert parse_span("2002-01:2002-12", "k") == (0, 11)
    assert parse_span("2010-01", "k") == (96, 96)


def test_spans_outside_the_record_or_in_two_parts_are_refused():
    with pytest.raises(MissingMonths, match=r"expected months of the record \(2002-01 to 2006-01\)"):
        divide(months(0, 48), GRID, LAND, SplitConfig(test_months=("2019-01:2020-12",)))
    with pytest.raises(ConfigError, match="2003-02"):
        divide(months(0, 48), GRID, LAND, SplitConfig(test_months=("2003-01:2003-02",), validation_months=("2003-02",)))
    with pytest.raises(MissingMonths, match=r"split \(train\)"):
        divide(months(0, 1), GRID, LAND, SplitConfig(test_months=("2002-01",), validation_months=("2002-02",)))


def test_blocks_lie_on_land_and_in_the_number_asked_for():
    land = LAND.copy()
    land[:, 8:] = 0.0  # of 2 × 3 blocks of 8 × 8 cells, the two in the west have land
    split = divide(months(0, 100), GRID, land, SplitConfig(block_share=0.5, block_cells=8))
    assert len(split.held_out) == 1
    assert split.held_out[0] in (Box(0.0, 4.0, 100.0, 104.0), Box(4.0, 8.0, 100.0, 104.0))
    assert divide(months(0, 100), GRID, land, SplitConfig(block_share=0.0)).held_out == ()


@pytest.mark.parametrize(("size", "blocks", "held_out"), [(8, 6, 0), (6, 12, 1), (4, 24, 2), (2, 96, 10)])
def test_a_tenth_of_the_blocks_is_held_out_by_default_with_a_buffer(size, blocks, held_out):
    """Of 16 × 24 cells; a tenth of six blocks is less than one, and the split says that it tells nothing of other places."""
    split = divide(months(0, 100), GRID, LAND, SplitConfig(block_cells=size))
    assert len(split.held_out) == held_out
    assert split.buffer_degrees == ((0.5, 0.5) if held_out else (0.0, 0.0))
    assert f"{held_out} blocks of cells whose targets are left out" in split.description
    few = f"0.1 of the {blocks} blocks of {size} × {size} cells with land, which is less than one"
    assert (few in split.description) == (held_out == 0)


def test_nothing_is_said_of_blocks_that_nobody_asked_for():
    assert divide(months(0, 100), GRID, LAND, SplitConfig(block_share=0.0)).description.endswith("in all months.")


def test_a_box_covers_its_cells_on_any_grid():
    box = (Box(2.0, 4.0, 101.0, 102.0),)
    own = held_out_mask(GRID, box)
    assert own.sum() == 4 * 2
    assert own[4:8, 2:4].all()
    assert held_out_mask(GRID, box, (0.5, 0.5)).sum() == 6 * 4
    assert held_out_mask(GRID.refine(4), box).sum() == 16 * 8
    # cells of 2° shifted by one cell of 0.5°: every one that overlaps the box, however little
    shifted = GRID.coarsen(4, 1, 1)
    mask = held_out_mask(shifted, box)
    lat, lon = np.nonzero(mask)
    assert sorted(set(shifted.lat[lat])) == [1.5, 3.5]  # rows 0.5–2.5 and 2.5–4.5
    assert sorted(set(shifted.lon[lon])) == [101.5]  # columns 100.5–102.5


def test_a_random_split_says_that_it_leaks():
    split = divide(months(0, 100), GRID, LAND, SplitConfig(kind="random"))
    assert len(split.months_of("train")) == len(split.months_of("test")) == 101
    assert "overlap" in split.description
    assert split.test_months == ()
