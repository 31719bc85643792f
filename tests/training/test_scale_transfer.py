"""The rule that chooses the number of epochs, on scores made up for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.config.tree import Config
from gwkeras.training import scale_transfer
from gwkeras.training.fit import Samples, Session
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.scale_transfer import TOLERANCE, _KeepShortest


class Network:
    """Its weights are the number of the epoch."""

    def __init__(self) -> None:
        self.weights: list[np.ndarray] = [np.zeros(2)]

    def get_weights(self) -> list[np.ndarray]:
        return [w.copy() for w in self.weights]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weights = weights


def chosen(rmse: list[float]) -> tuple[int, list[float]]:
    rule, network = _KeepShortest(), Network()
    rule.set_model(network)
    for epoch, value in enumerate(rmse):
        network.weights = [np.full(2, epoch + 1.0)]
        rule.on_epoch_end(epoch, {"val_mse": value**2})
    number = rule.give_chosen(network)
    assert network.weights[0] == pytest.approx([number, number]), "the weights of the epoch chosen, not of the last"
    return number, rule.rmse


def test_the_best_epoch_where_it_stands_out():
    assert chosen([16.0, 14.0, 12.0, 13.0, 15.0])[0] == 3


def test_the_shortest_along_a_flat_valley():
    near, far = 1 + 0.9 * TOLERANCE, 1 + 1.1 * TOLERANCE
    assert chosen([20.0, 10.0 * far, 10.0 * near, 10.0, 10.0 * near])[0] == 3


def test_a_network_that_only_gets_worse_is_stopped_at_once():
    assert chosen([10.0, 11.0, 12.0])[0] == 1


def test_an_early_epoch_is_forgotten_only_when_a_better_one_comes():
    assert chosen([10.0, 10.0 * (1 - 2 * TOLERANCE)])[0] == 2
    assert chosen([10.0, 10.0 * (1 - TOLERANCE / 2)])[0] == 1


@given(st.lists(st.floats(1, 100), min_size=1, max_size=12))
def test_never_worse_than_the_best_by_more_than_the_tolerance(rmse):
    number, seen = chosen(rmse)
    assert seen == pytest.approx(rmse)
    assert rmse[number - 1] <= min(rmse) * (1 + TOLERANCE) * (1 + 1e-9)
    assert all(value > min(rmse) * (1 + TOLERANCE) * (1 - 1e-9) for value in rmse[: number - 1])


def test_the_network_one_scale_up_measures_regions_in_its_own_cells(monkeypatch):
    """What `new_model` makes of the split: test_logged_terms.py."""
    asked = []

    def new_model(samples, seed, devices, split="train"):
        asked.append(split)
        raise InterruptedError

    monkeypatch.setattr(scale_transfer, "new_model", new_model)
    session = Session(Samples(Path(), None, Config()), RunFolder(Path()))  # type: ignore[arg-type]
    with pytest.raises(InterruptedError):
        scale_transfer.choose_by_transfer(session)
    assert asked == ["coarser"]
