"""What is believed: gains with a standard error by hand, and those that climates of right and of wrong worlds gave."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.priors.teaching.belief import is_believed, standard_error


@pytest.mark.parametrize(
    ("gain", "error", "believed"),
    [
        (0.10, 0.029, True),  # 0.10 - 0.058 = 0.042
        (0.10, 0.031, False),  # 0.038
        (0.039, 0.0, False),
        (0.285, 0.106, True),  # right climate, places that differ much
        (0.060, 0.024, False),  # climate of another world
        (0.072, 0.021, False),
        (-0.027, 0.012, False),
    ],
)
def test_a_gain_less_two_errors_has_to_be_worth_something(gain, error, believed):
    assert is_believed(gain, error) is believed


def test_parts_of_one_span_count_as_one():
    """Three spans of two equal parts: 0, 0, 3, 3, 6, 6 has a variance of 36 / 5 by parts and 9 by spans."""
    gains, spans = np.array([0.0, 0.0, 3.0, 3.0, 6.0, 6.0]), np.array([0, 0, 1, 1, 2, 2])
    assert standard_error(gains) == pytest.approx(np.sqrt(7.2 / 6))
    assert standard_error(gains, spans) == pytest.approx(3.0 / np.sqrt(3.0))
