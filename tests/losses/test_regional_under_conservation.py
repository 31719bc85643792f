"""Eq. 14 cannot train a network that conserves: the block's mean is the product's, whatever the detail."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.statistics import Statistics
from gwkeras.layers.conservation import Conservation
from gwkeras.losses.composite import physics_terms
from tests.gradients import gradient

FACTOR, SIDE = 4, 8
FINE = FACTOR * SIDE


def inputs(coast: bool) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    found = {
        "gwsa": 50 * rng.normal(size=(2, SIDE, SIDE, 1)),
        "gwsa_previous": 50 * rng.normal(size=(2, SIDE, SIDE, 1)),
        "has_previous": np.ones(2),
        "net_water_input": 30 * rng.normal(size=(2, SIDE, SIDE, 1)),
        "infiltration_efficiency": rng.uniform(0.1, 0.5, (2, SIDE, SIDE, 1)),
        "land": np.ones((2, SIDE, SIDE, 1)),
        "land_fine": np.ones((2, FINE, FINE, 1)),
        "latitude": np.tile(40 + 0.5 * np.arange(SIDE), (2, 1)),
    }
    if coast:  # fractions of land, cells without any, and cells without P − ET
        found["land_fine"] = rng.uniform(0, 1, (2, FINE, FINE, 1)) * (rng.random((2, FINE, FINE, 1)) < 0.8)
        found["infiltration_efficiency"] *= rng.random((2, SIDE, SIDE, 1)) < 0.7
    return {name: value.astype("float32") for name, value in found.items()}


def gradient_of(term: str, block: int, conserves: bool, coast: bool = False) -> np.ndarray:
    """Of the batch's sum of a term with respect to the field before conservation."""
    x = {name: ops.convert_to_tensor(value) for name, value in inputs(coast).items()}
    layer = Conservation(FACTOR)

    def total(raw):
        mean = layer(raw, x["gwsa"], x["land_fine"], x["land"], x["latitude"]) if conserves else raw
        return ops.sum(physics_terms(x, mean, LossConfig(), Statistics(storage_change_std=20.0), FACTOR, block)[term])

    return gradient(total, 50 * np.random.default_rng(6).normal(size=(2, FINE, FINE, 1)))


@pytest.mark.parametrize("coast", [False, True], ids=["nothing masked", "coasts and unknown cells"])
@pytest.mark.parametrize("coarse_cells", [1, 2, 8])
def test_its_gradient_is_zero_where_a_block_is_a_whole_number_of_coarse_cells(coarse_cells, coast):
    block = coarse_cells * FACTOR
    free = np.abs(gradient_of("regional", block, conserves=False, coast=coast)).max()
    held = np.abs(gradient_of("regional", block, conserves=True, coast=coast)).max()
    assert held < 1e-6 * free  # which is not zero: the term does train a network that does not conserve


def test_blocks_that_cut_a_coarse_cell_have_a_gradient():
    assert np.abs(gradient_of("regional", FACTOR + 1, conserves=True)).max() > 1e-5


@pytest.mark.parametrize("term", ["sign", "magnitude"])
def test_the_other_terms_train_a_network_that_conserves(term):
    free = np.abs(gradient_of(term, 2 * FACTOR, conserves=False)).max()
    assert np.abs(gradient_of(term, 2 * FACTOR, conserves=True)).max() > 1e-3 * free > 0
