"""An ensemble against its members by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.network.trained import _at_factor, load_network
from gwkeras.models.ensemble import Mixture, ensemble_model
from gwkeras.training.run_folder import RunFolder
from tests.methods.worlds import FACTOR, make_network


@pytest.fixture(scope="module")
def members():
    rng = np.random.default_rng(3)
    found = [make_network(convlstm=(2,), unet=(4,), refinement_layers=1)[0] for _ in range(2)]
    for network in found:  # which begins as the product interpolated, whatever the seed
        network.set_weights([weight + 0.1 * rng.uniform(size=weight.shape) for weight in network.get_weights()])
    return found


def inputs_of(network, factor=FACTOR):
    rng = np.random.default_rng(0)
    fine = ("land_fine", "covariates_fine")
    sizes = {t.name: [(8 * factor if t.name in fine else 8) if n is None else n for n in t.shape[1:]] for t in network.inputs}
    given = {name: rng.uniform(0.2, 1.0, (2, *size)).astype(np.float32) for name, size in sizes.items()}
    return given | {"gwsa": 30.0 * given["gwsa"]}


def test_a_mixture_of_two_normals():
    """N(2, 1) and N(4, 3): mean 3, variance 2 + 1."""
    mean, variance = Mixture()([np.full((1, 2), value, np.float32) for value in (2.0, 4.0, 1.0, 3.0)])
    np.testing.assert_allclose(mean, 3.0)
    np.testing.assert_allclose(variance, 3.0)


def test_an_ensemble_is_the_mixture_of_its_members(members, tmp_path):
    network = ensemble_model(members)
    given = inputs_of(network)
    one, two = (member.predict_on_batch(given) for member in members)
    together = network.predict_on_batch(given)
    np.testing.assert_allclose(together["mean"], (one["mean"] + two["mean"]) / 2, rtol=1e-5, atol=1e-5)
    spread = ((one["mean"] - two["mean"]) / 2) ** 2
    np.testing.assert_allclose(together["variance"], (one["variance"] + two["variance"]) / 2 + spread, rtol=1e-4, atol=1e-5)
    assert np.abs(one["mean"] - two["mean"]).max() > 1e-3
    network.save(tmp_path / "model.keras")
    read = load_network(RunFolder(tmp_path)).predict_on_batch(given)
    np.testing.assert_array_equal(read["mean"], together["mean"])


def test_an_ensemble_at_another_factor(members):
    network = ensemble_model(members)
    other = _at_factor(network, 2 * FACTOR)
    assert other.predict_on_batch(inputs_of(network, 2 * FACTOR))["mean"].shape == (2, 32, 32, 1)
    for weight, same in zip(other.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
