"""A memory of one month has no recurrence to train, and trains all the same."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.config.tree import LossConfig, ModelConfig
from gwkeras.core.schema import SampleShape, features
from gwkeras.core.statistics import Statistics
from gwkeras.models.build import build_model
from gwkeras.training.downscaling_model import DownscalingModel
from gwkeras.training.strategies.tensorflow_steps import SummedAdamW

SAMPLE = SampleShape(1, 8, 8, 2, ("precipitation", "temperature"))


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_step(pieces):
    statistics = Statistics((0.0, 0.0), (1.0, 1.0))
    network = build_model(ModelConfig(convlstm_filters=(4,), unet_filters=(4,), refinement_filters=4), SAMPLE, statistics)
    model = DownscalingModel(network, LossConfig(), statistics, SAMPLE.factor, 0.25, pieces)
    model.compile(optimizer=SummedAdamW(0.01, weight_decay=0.0), jit_compile=False)
    rng = np.random.default_rng(0)
    batch = {f.name: rng.normal(size=(4, *f.shape(SAMPLE))).astype("float32") for f in features(SAMPLE)}
    for name in ("land", "land_fine", "has_previous", "infiltration_efficiency"):
        batch[name] = np.ones_like(batch[name])
    target = {"target": batch.pop("target")}
    before = {weight.path: np.array(weight) for weight in model.trainable_weights}
    for _ in range(2):  # the last layers start at zero, so that the first step reaches them alone
        model.train_step((batch, target))
    moved = {weight.path: float(np.abs(np.array(weight) - before[weight.path]).max()) for weight in model.trainable_weights}
    assert {path.split("/")[-1] for path, by in moved.items() if "convlstm" in path and by == 0} == {"recurrent_kernel"}
