"""Values of ranks against a sorted row, whatever the row holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.analysis.trend.ranks import Ranked

_NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(_NUMBERS, min_size=1, max_size=60), st.data())
def test_every_rank_is_that_of_the_sorted_row(numbers, data):
    values = np.array(numbers)
    rank = data.draw(st.integers(0, values.size - 1))
    assert Ranked(values, np.empty(values.size)).at(rank) == np.sort(values)[rank]


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=5000),
        np.random.default_rng(0).standard_cauchy(5000),  # the outermost bins hold most of the width
        np.repeat([0.0, 1.0], [4999, 1]),  # all that is looked at may be alike
        np.random.default_rng(0).integers(0, 3, 5000).astype(float),
        np.random.default_rng(0).normal(size=5000) * 1e-300,
    ],
)
def test_long_rows_too(values):
    ranked, ordered = Ranked(values, np.empty(values.size)), np.sort(values)
    for rank in (0, 1, 250, 1667, 2499, 2500, 4700, 4998, 4999):
        assert ranked.at(rank) == ordered[rank]
