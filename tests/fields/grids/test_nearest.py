"""Cells without data: filled from the nearest that has some, found by trying all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.errors import BadInput
from gwkeras.fields.grids.nearest import NearestFiller


@given(st.integers(0, 1000), st.tuples(st.integers(1, 6), st.integers(1, 8)), st.floats(0, 0.9), st.booleans())
def test_no_valid_cell_is_nearer_than_the_one_taken(seed, shape, share, periodic):
    n_lat, n_lon = shape
    rng = np.random.default_rng(seed)
    values = np.arange(2.0 * n_lat * n_lon).reshape(2, n_lat, n_lon)  # every value says from which cell it is
    values[rng.uniform(size=values.shape) < share] = np.nan
    values[:, rng.integers(n_lat), rng.integers(n_lon)] = rng.integers(n_lat * n_lon)
    known = np.isfinite(values)
    filled = NearestFiller("rain", periodic)(values)
    np.testing.assert_array_equal(filled[known], values[known])
    rows, cols = np.indices((n_lat, n_lon))

    def distance(a, b):
        across = np.abs(a[1] - b[1])
        return (a[0] - b[0]) ** 2 + (np.minimum(across, n_lon - across) if periodic else across) ** 2

    for month, row, col in np.argwhere(~known):
        away = distance((rows, cols), (row, col))
        taken = known[month] & (values[month] == filled[month, row, col])
        assert away[taken].min() == away[known[month]].min()


def test_each_month_is_filled_by_its_own_values():
    """A cell that lacks one July takes its neighbour's July, not what it or others had in another month."""
    values = np.array([[[1.0, 2.0, 3.0]], [[10.0, np.nan, np.nan]], [[np.nan, 200.0, 300.0]]])
    np.testing.assert_array_equal(NearestFiller("t")(values), [[[1, 2, 3]], [[10, 10, 10]], [[200, 200, 300]]])


def test_a_month_without_data_is_refused():
    with pytest.raises(BadInput, match="rain: expected data in the region in every month"):
        NearestFiller("rain")(np.array([[[1.0]], [[np.nan]]]))
