"""Tests for an environment without TensorFlow: test_backends.py has them run there. Where it is installed they fail."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys

import keras
import numpy as np
import pytest

import gwkeras.layers
import gwkeras.losses
import gwkeras.models
from gwkeras.core.config.tree import LossConfig
from gwkeras.training.downscaling_model import DownscalingModel
from tests.models.test_models import FACTOR, STATISTICS, sample_inputs, small

FAMILY = ("tensorflow", "tensorflow_probability", "tf_keras", "tensorflow_serving")


def test_there_is_no_tensorflow():
    assert keras.backend.backend() in ("jax", "torch")
    assert not [name for name in FAMILY if importlib.util.find_spec(name)]
    assert not set(FAMILY) & set(sys.modules)


@pytest.mark.parametrize("room", [gwkeras.models, gwkeras.losses, gwkeras.layers], ids=lambda room: room.__name__)
def test_every_module_is_imported(room):
    names = [module.name for module in pkgutil.iter_modules(room.__path__)]
    assert len(names) > 3
    for name in names:
        importlib.import_module(f"{room.__name__}.{name}")


@pytest.mark.parametrize("kind", ["default", "paper"])
def test_a_network_is_built_runs_and_learns(kind):
    keras.utils.set_random_seed(1)
    inputs = sample_inputs()
    target = inputs["gwsa"].repeat(FACTOR, 1).repeat(FACTOR, 2) + 5
    model = DownscalingModel(small(kind), LossConfig(), STATISTICS, FACTOR, 0.125)
    model.compile(optimizer=keras.optimizers.AdamW(0.01, global_clipnorm=1.0), jit_compile=keras.backend.backend() == "jax")
    before = model.predict_on_batch(inputs)
    assert before["mean"].shape == target.shape
    history = model.fit(inputs, {"target": target}, epochs=10, batch_size=2, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert {"data", "sign", "magnitude", "regional", "smoothness", "sign_share", "mse"} <= set(history)
    assert np.abs(model.predict_on_batch(inputs)["variance"] - before["variance"]).max() > 0
