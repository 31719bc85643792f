"""What the log says of the physics terms: their mean over the samples that have a previous month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from gwkeras.core.config.tree import Config, LossConfig, ModelConfig, TrainingConfig
from gwkeras.core.grid import Grid
from gwkeras.losses.composite import composite_loss
from gwkeras.training.fit import Samples, new_model
from tests.training.twenty_steps import SHAPE, STATISTICS, samples

CHANGE = ("sign", "magnitude", "regional", "sign_share")
MODEL = ModelConfig(convlstm_filters=(2,), unet_filters=(4, 4), refinement_filters=4, refinement_layers=1, dropout=0.0)


class Build:
    sample, statistics = SHAPE, STATISTICS
    grids = {"train": (Grid(20.0, 70.0, 0.5, 0.5, 4, 4),)}


def parts(values: dict[str, np.ndarray], rows: slice) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    cut = {name: value[rows] for name, value in values.items()}
    return {k: v for k, v in cut.items() if k != "target"}, {"target": cut["target"]}


def one_by_one(model, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The terms of each sample alone, as eq. 12 to 15 have them."""
    x, y = parts(values, slice(None))
    outputs = {name: np.asarray(value) for name, value in model(x, training=False).items()}
    total, terms = composite_loss(
        x, y, outputs, config=LossConfig(), statistics=STATISTICS, factor=SHAPE.factor, fine_step_degrees=0.25
    )
    return {name: np.asarray(value) for name, value in {**terms, "loss": total}.items()}


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    """Twelve samples: of the first four three, of the next four none, of the last four one have their previous month."""
    found = samples(12)
    found["has_previous"] = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0], "float32")
    return found


@pytest.fixture(scope="module")
def model():
    config = Config(model=MODEL, training=TrainingConfig(batch_size=4))
    return new_model(Samples(Path(), Build(), config), 3)  # type: ignore[arg-type]


def test_terms_of_change_are_means_over_samples_that_have_a_change(model, values):
    expected = one_by_one(model, values)
    present = values["has_previous"] > 0
    model.reset_metrics()
    logs = [model.test_step(parts(values, slice(first, first + 4))) for first in (0, 4, 8)][-1]
    for name in CHANGE:
        assert float(logs[name]) == pytest.approx(expected[name][present].mean(), rel=1e-5), name
        assert expected[name][present].mean() > 2.9 * expected[name].mean() > 0  # four of twelve: three times what was said
    for name in ("data", "smoothness", "loss"):
        assert float(logs[name]) == pytest.approx(expected[name].mean(), rel=1e-5), name


def test_other_backends_log_the_same(model, values):
    """`compute_loss` is what Keras' own trainers call."""
    expected = one_by_one(model, values)
    model.reset_metrics()
    losses = []
    for first in (0, 4, 8):
        x, y = parts(values, slice(first, first + 4))
        losses.append(float(model.compute_loss(x, y, model(x, training=False))))
    logs = {metric.name: float(metric.result()) for metric in model.metrics}
    for name in CHANGE:
        assert logs[name] == pytest.approx(expected[name][values["has_previous"] > 0].mean(), rel=1e-5), name
    assert np.mean(losses) == pytest.approx(expected["loss"].mean(), rel=1e-5)  # what is trained counts all samples


def test_the_loss_that_is_trained_gives_samples_without_previous_month_no_physics(model, values):
    weightless = replace(LossConfig(), physics_weight=0.0)
    x, y = parts(values, slice(4, 8))
    outputs = model(x, training=False)
    total, _ = composite_loss(
        x, y, outputs, config=weightless, statistics=STATISTICS, factor=SHAPE.factor, fine_step_degrees=0.25
    )
    assert float(model.compute_loss(x, y, outputs)) == pytest.approx(float(keras.ops.mean(total)), rel=1e-6)


@pytest.mark.parametrize(("split", "block"), [("train", 4), ("coarser", 2)])
def test_regions_are_as_wide_one_scale_up(values, split, block, monkeypatch):
    """Regions of 1° on fine cells of 0.25° and, one scale up by a factor of two, of 0.5°; scored at 0.25° in either case."""
    grids = {"train": (Grid(20.0, 70.0, 0.5, 0.5, 4, 4),), "coarser": (Grid(20.0, 70.0, 1.0, 1.0, 4, 4),)}
    build = type("TwoScales", (Build,), {"grids": grids})
    config = Config(model=MODEL, loss=LossConfig(regional_block_degrees=1.0), training=TrainingConfig(batch_size=4))
    model = new_model(Samples(Path(), build(), config), 3, split=split)  # type: ignore[arg-type]
    x, y = parts(values, slice(0, 4))
    outputs = model(x, training=False)
    asked = []

    def regional(change, infiltration, weights, cells):
        asked.append(cells)
        return ops.zeros((4,))

    monkeypatch.setattr("gwkeras.losses.composite.regional", regional)
    model.compute_loss(x, y, outputs, training=True)
    model.test_step((x, y))
    assert asked == [block, 4]
