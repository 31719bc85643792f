"""Parameters: textbook values to start with, bounds that hold, an order of weights that comes back."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.priors.storage_model.parameters import LOCAL, PARAMETERS, REGIONAL, Weights, bounded


def test_learning_starts_at_textbook_values():
    raw = Weights.textbook(2, 3).raw(np.ones((2, 4), np.float32), np.ones((3, 4), np.float32))
    found = bounded(np, raw, np.ones(4))
    for parameter in PARAMETERS:
        np.testing.assert_allclose(found[parameter.name], parameter.typical, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("raw", [-50.0, 50.0])
def test_no_weight_leaves_the_bounds(raw):
    found = bounded(np, np.full((len(PARAMETERS), 1), raw), np.ones(1))
    for parameter in PARAMETERS:
        assert found[parameter.name] == pytest.approx(parameter.low if raw < 0 else parameter.high)


def test_a_map_moves_the_parameters_that_are_local_and_the_region_those_that_are_regional():
    weights = Weights.textbook(1, 1)
    moved = weights.put(weights.flat + 1.0 * np.concatenate([np.zeros(len(PARAMETERS)), np.ones(len(LOCAL) + len(REGIONAL))]))
    raw = moved.raw(np.array([[0.0, 2.0]], np.float32), np.array([[0.0, 3.0]], np.float32))
    change = raw[:, 1] - raw[:, 0]
    for number in range(len(PARAMETERS)):
        assert change[number] == pytest.approx(2.0 * (number in LOCAL) + 3.0 * (number in REGIONAL))


def test_only_irrigated_land_is_pumped():
    raw = Weights.textbook(0, 0).raw(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))
    assert bounded(np, raw, np.array([0.0, 0.5]))["pumping"] == pytest.approx([0.0, 0.05], rel=1e-4)
