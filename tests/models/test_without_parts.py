"""Networks without their ConvLSTM or without their uncertainty head are networks like any other."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.losses.composite import data_term
from tests.models.test_models import SAMPLE, STATISTICS, called, randomised, sample_inputs, small


@pytest.mark.parametrize("kind", ["paper", "default"])
def test_without_convlstm_the_last_month_alone_is_seen(kind):
    model = randomised(small(kind, convlstm_filters=()))
    inputs = sample_inputs()
    expected = called(model, {t.name: inputs[t.name] for t in model.inputs})["mean"]
    for month, matters in ((0, False), (1, True)):
        changed = {t.name: inputs[t.name].copy() for t in model.inputs}
        changed["climate"][:, month, 3, 3, 0] += 200.0
        assert bool(np.abs(called(model, changed)["mean"] - expected).max() > 1e-3) is matters


def test_without_convlstm_its_weights_are_gone():
    """ConvLSTM of 4 channels over 2: 4 (9 · (2 + 4) · 4 + 4); the first convolution of 8 then sees 2 channels for 4."""
    gone = small("paper").count_params() - small("paper", convlstm_filters=()).count_params()
    assert gone == 4 * (9 * (2 + 4) * 4 + 4) + 9 * (4 - 2) * 8


@pytest.mark.parametrize("kind", ["paper", "default"])
def test_without_uncertainty_head_the_variance_is_that_of_the_residual_everywhere(kind):
    model = randomised(small(kind, uncertainty_head=False))
    inputs = sample_inputs()
    outputs = called(model, {t.name: inputs[t.name] for t in model.inputs})
    assert outputs["variance"].shape == outputs["mean"].shape
    np.testing.assert_allclose(outputs["variance"], STATISTICS.residual_std**2, rtol=1e-6)


def test_without_uncertainty_head_its_weights_are_gone():
    """Paper: one of two 1 × 1 heads on 8 channels. Default: the spread's two 1 × 1 convolutions, 3 channels wide."""
    assert small("paper").count_params() - small("paper", uncertainty_head=False).count_params() == 8 + 1
    fine = 3 + len(SAMPLE.covariates) + 1  # context, deviations, land
    assert small().count_params() - small(uncertainty_head=False).count_params() == (fine * 3 + 3) + (3 + 1)


@pytest.mark.parametrize("data", ["nll", "beta_nll"])
def test_without_uncertainty_head_the_data_loss_is_half_the_squared_error(data):
    """In units of the residual's standard deviation, up to the constant ½ log σ² of eq. 11."""
    scale = STATISTICS.residual_std
    rng = np.random.default_rng(0)
    target, mean = (rng.normal(size=(2, 4, 4, 1)).astype("float32") * 10 for _ in range(2))
    variance = np.full_like(mean, scale**2)
    found = data_term(
        {"target": ops.convert_to_tensor(target)},
        ops.convert_to_tensor(mean),
        ops.convert_to_tensor(variance),
        ops.ones((2, 4, 4, 1), "bool"),
        LossConfig(data=data),
        scale,
    )
    expected = 0.5 * np.mean(((target - mean) / scale) ** 2, axis=(1, 2, 3)) + (np.log(scale) if data == "nll" else 0.0)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["paper", "default"])
def test_both_are_saved_and_read_back(kind, tmp_path):
    model = randomised(small(kind, convlstm_filters=(), uncertainty_head=False))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    inputs = sample_inputs()
    inputs = {t.name: inputs[t.name] for t in model.inputs}
    for name, field in called(model, inputs).items():
        np.testing.assert_array_equal(called(again, inputs)[name], field)
