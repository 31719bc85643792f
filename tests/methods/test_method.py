"""What a prediction is: bounds never come without the probability that they are to hold."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.method import Prediction

FIELD = np.zeros((2, 2))


@pytest.mark.parametrize(
    "given", [{"lower": FIELD, "upper": FIELD}, {"interval": 0.9}, {"lower": FIELD, "interval": 0.9}, {"upper": FIELD}]
)
def test_bounds_and_their_probability_come_together(given):
    with pytest.raises(ValueError, match="together or not at all"):
        Prediction(FIELD, **given)


def test_a_mean_may_come_alone():
    assert Prediction(FIELD).interval is None
    assert Prediction(FIELD, FIELD, FIELD, FIELD, 0.5).interval == 0.5
