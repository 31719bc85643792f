"""Quality flags on hand-worked maps."""

import numpy as np

from gwkeras.application.quality import TrainedRange, outside, quality
from gwkeras.domain.coast import near_coast
from gwkeras.fields.writing.quality_flags import NO_DATA
from tests.methods.worlds import make_domain

COAST, BEYOND, ALONE = 1, 2, 4


def test_coast_is_the_cell_its_neighbours_and_around_the_globe():
    land = np.ones((4, 5))
    land[1, 0] = 0.4
    expected = np.zeros((4, 5), bool)
    expected[0:3, 0:2] = True
    np.testing.assert_array_equal(near_coast(land, periodic=False), expected)
    expected[0:3, 4] = True
    np.testing.assert_array_equal(near_coast(land, periodic=True), expected)
    assert not near_coast(np.full((3, 3), 0.5), periodic=False).any()


def test_outside_the_range_in_any_month_of_any_channel():
    climate = np.array([[[[5.0, 1.0], [5.0, 1.0], [11.0, 1.0]]], [[[9.0, 1.0], [0.0, 1.0], [5.0, 1.0]]]])  # (T 2, 1, 3, D 2)
    np.testing.assert_array_equal(outside(climate, (1.0, 0.0), (10.0, 2.0)), [[False, True, True]])
    np.testing.assert_array_equal(outside(climate, (0.0, 0.0), (11.0, 2.0)), [[False, False, False]])
    np.testing.assert_array_equal(outside(climate, (0.0, 1.5), (11.0, 2.0)), [[True, True, True]])


def test_bits_of_a_month():
    domain = make_domain(6, 6, sea=0.0, gap=1)
    domain.storage[0, 5, 5] = np.nan
    domain.storage[1, 0, 0] = np.nan
    wide = TrainedRange((-1e9, -1e9), (1e9, 1e9))
    first = quality(domain, domain.months[0], wide)
    assert first.dtype == np.uint8
    assert (first[:8, :8] == ALONE).all()  # the first month has no predecessor
    assert (first[8:10, 8:12] == ALONE | COAST).all()  # beside a cell without storage
    assert (first[10:, 10:] == NO_DATA).all()
    assert (
        (quality(domain, domain.months[1], wide)[4:, 4:] & ALONE) > 0
    ).all()  # the month before is the one that the record lacks
    third = quality(domain, domain.months[2], wide)
    assert (third[:2, :2] == ALONE).all()  # this cell alone lacked a value the month before
    assert not (third[2:, :] & ALONE).any()


def test_extrapolation_is_flagged_where_it_is_and_only_where_the_range_is_known():
    domain = make_domain(3, 3, sea=0.0)
    climate = domain.climate_of(domain.months[2])
    low, high = climate.min(axis=(0, 1, 2)), climate.max(axis=(0, 1, 2))
    assert not (quality(domain, domain.months[2], TrainedRange(tuple(low), tuple(high))) & BEYOND).any()
    assert not (quality(domain, domain.months[2], None) & BEYOND).any()
    place = np.unravel_index(climate[..., 1].argmax(), climate.shape[:3])[1:]
    flagged = quality(domain, domain.months[2], TrainedRange(tuple(low), (high[0], np.nextafter(high[1], 0)))) & BEYOND > 0
    row, col = place
    assert flagged[2 * row : 2 * row + 2, 2 * col : 2 * col + 2].all()
    assert flagged.sum() == 4


def test_sea_within_a_cell_has_no_flags():
    domain = make_domain(3, 3, sea=0.0)
    domain.land_fine[0, 0] = 0.0
    assert quality(domain, domain.months[0], None)[0, 0] == NO_DATA
