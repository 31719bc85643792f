from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.config.yaml_file import load_config, shipped_config
from gwkeras.core.errors import ConfigError
from gwkeras.core.grid import Grid
from gwkeras.core.schema import SampleShape, features
from gwkeras.core.statistics import Statistics
from gwkeras.fields.grids import interpolation
from gwkeras.models.architecture import size_divisor
from gwkeras.models.build import build_model

FACTOR = 4
PAPER = SampleShape(6, 32, 32, FACTOR, ("precipitation", "soil_moisture", "temperature", "surface_pressure"))
SAMPLE = SampleShape(2, 8, 8, FACTOR, ("precipitation", "temperature"), ("elevation", "soil"))
SMALL = {"convlstm_filters": (4,), "unet_filters": (8, 10), "refinement_filters": 6}
STATISTICS = Statistics(
    climate_mean=(80.0, 290.0),
    climate_std=(40.0, 8.0),
    gwsa_mean=3.0,
    gwsa_std=50.0,
    covariate_mean=(300.0, 0.5),
    covariate_std=(200.0, 0.2),
    covariate_deviation_std=(90.0, 0.1),
    residual_std=6.0,
)


def sample_inputs(sample=SAMPLE, height=8, width=8, seed=0, samples=2):
    rng = np.random.default_rng(seed)
    axes = {**sample.axes, "H": height, "W": width, "sH": height * sample.factor, "sW": width * sample.factor}
    inputs = {f.name: rng.normal(size=(samples, *(axes[a] for a in f.axes))) for f in features(sample, "input")}
    inputs["climate"] = (
        inputs["climate"] * STATISTICS.climate_std + STATISTICS.climate_mean if len(sample.climate) == 2 else inputs["climate"]
    )
    inputs["gwsa"] *= 50
    inputs["gwsa_previous"] *= 50
    inputs |= {
        "has_previous": np.ones(samples),
        "land": np.ones((samples, height, width, 1)),
        "time": np.arange(samples) + 7.0,
        "land_fine": np.ones((samples, axes["sH"], axes["sW"], 1)),
        "latitude": np.tile(20 + 0.5 * np.arange(height), (samples, 1)),
    }
    return {name: value.astype("float32") for name, value in inputs.items()}


def small(kind="default", sample=SAMPLE, **changes):
    return build_model(ModelConfig(kind=kind, **{**SMALL, **changes}), sample, STATISTICS)


def randomised(model, seed=0):
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(0.2 * rng.normal(size=weight.shape))
    return model


def called(model, inputs):
    return {
        name: ops.convert_to_numpy(value)
        for name, value in model({k: ops.convert_to_tensor(v) for k, v in inputs.items()}).items()
    }


def test_papers_parameter_counts():
    model = build_model(load_config(shipped_config("paper")).model, PAPER, Statistics((0.0,) * 4, (1.0,) * 4))
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == 8_190_850
    assert model.count_params() == 8_196_482


def test_heads_before_the_upsampling_equal_heads_after_it():
    model = randomised(small("paper"))
    inputs = sample_inputs()
    feature_map = keras.Model(model.inputs, model.get_layer("decoder0_relu2").output)(
        {k: inputs[k] for k in ("climate", "gwsa", "land")}
    )
    fine = keras.layers.UpSampling2D(FACTOR, interpolation="bilinear")(feature_map)
    kernel, bias = model.get_layer("heads").get_weights()
    heads = ops.convert_to_numpy(fine) @ kernel[0, 0] + bias
    found = called(model, inputs)
    np.testing.assert_allclose(found["mean"], heads[..., :1] * 50 + 3, atol=1e-3)
    np.testing.assert_allclose(found["variance"], (np.logaddexp(0, heads[..., 1:]) + 1e-6) * 50**2, rtol=1e-3)


def test_untrained_default_is_bicubic_with_conservation():
    inputs = sample_inputs()
    inputs["land"][:, 2:4, 3] = 0
    inputs["gwsa"][inputs["land"] == 0] = 0
    inputs["land_fine"] *= np.random.default_rng(1).random(inputs["land_fine"].shape) > 0.2
    found = called(small(), inputs)
    grid = Grid(19.75, 0.0, 0.5, 0.5, 8, 8)
    for index in range(2):
        coarse = np.where(inputs["land"][index, ..., 0] > 0, inputs["gwsa"][index, ..., 0], np.nan)
        fine = interpolation.upsample(coarse, FACTOR, "bicubic", missing="filled")
        expected = interpolation.conserve(fine, coarse, grid.refine(FACTOR), FACTOR, inputs["land_fine"][index, ..., 0])
        np.testing.assert_allclose(found["mean"][index, ..., 0], expected, atol=1e-3)
    np.testing.assert_allclose(found["variance"], 36.0, rtol=1e-4)


def test_default_conserves_whatever_its_weights():
    inputs = sample_inputs(height=16, width=12)
    found = called(randomised(small()), inputs)
    grid = Grid(19.75, 0.0, 0.5, 0.5, 16, 12).refine(FACTOR)
    mean = grid.block_mean(found["mean"][..., 0].astype(float), FACTOR)
    assert np.abs(mean - inputs["gwsa"][..., 0]).max() <= 1e-4
    assert np.abs(found["mean"] - called(small(), inputs)["mean"]).max() > 1
    assert (found["variance"] > 0).all()


@pytest.mark.slow
def test_default_learns_from_its_first_step_on():
    model = small()
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.01))
    inputs = sample_inputs()
    inputs["covariates_fine"] *= STATISTICS.covariate_deviation_std
    start = called(model, inputs)["mean"]
    elevation = inputs["covariates_fine"][..., :1] / 90
    blocks = elevation.reshape(2, 8, 4, 8, 4, 1).mean((2, 4), keepdims=True)
    target = start + 3 * (elevation - np.broadcast_to(blocks, (2, 8, 4, 8, 4, 1)).reshape(elevation.shape))
    feed = {tensor.name: inputs[tensor.name] for tensor in model.inputs}
    history = model.fit(feed, {"mean": target, "variance": np.full_like(target, 36.0)}, epochs=40, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]


@pytest.mark.parametrize("kind", ["paper", "default"])
def test_takes_all_features_by_name_and_any_size(kind):
    model = small(kind)
    for height, width in ((8, 8), (4, 14)):
        found = called(model, sample_inputs(height=height, width=width))
        assert found["mean"].shape == found["variance"].shape == (2, height * 4, width * 4, 1)
    assert size_divisor(ModelConfig(**SMALL)) == 2


@pytest.mark.parametrize("kind", ["paper", "default"])
def test_saved_and_loaded_is_the_same(kind, tmp_path):
    model, inputs = randomised(small(kind)), sample_inputs()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")  # safe mode: no custom_objects, no pickled code
    for name, value in called(model, inputs).items():
        np.testing.assert_array_equal(called(again, inputs)[name], value)


@pytest.mark.parametrize("kind", ["paper", "default"])
def test_values_off_land_do_not_matter(kind):
    model, inputs = randomised(small(kind)), sample_inputs()
    inputs["land"][:, :3] = 0
    inputs["land_fine"][:, :12] = 0
    before = called(model, inputs)["mean"][:, 12:]
    for name in ("climate", "gwsa", "gwsa_previous"):
        axis = 2 if name == "climate" else 1
        np.moveaxis(inputs[name], axis, 0)[:3] = -999.0
    inputs["covariates_fine"][:, :12] = 5e3
    np.testing.assert_allclose(called(model, inputs)["mean"][:, 12:], before, atol=1e-3)


def test_absent_previous_month_is_not_looked_at():
    model, inputs = randomised(small()), sample_inputs()
    present = called(model, inputs)["mean"]
    inputs["has_previous"][:] = 0
    absent = called(model, inputs)["mean"]
    inputs["gwsa_previous"] += 500
    np.testing.assert_array_equal(called(model, inputs)["mean"], absent)
    assert np.abs(present - absent).max() > 1e-3


def test_unknown_predecessor_is_not_taken_for_zero():
    """In a cell whose predecessor is unknown the network sees what it sees in a sample that has none."""
    model, inputs = randomised(small()), sample_inputs(samples=1)
    inputs["gwsa_previous"][:] = 0
    unknown = called(model, inputs)["mean"]
    inputs["has_previous"][:] = 0
    np.testing.assert_array_equal(called(model, inputs)["mean"], unknown)


def test_detail_is_measured_against_what_carries_the_product():
    """A covariate that is itself carried from coarse cells holds no detail, so that no coefficient makes anything of it."""
    model, inputs = small(), sample_inputs()
    grid = Grid(19.75, 0.0, 0.5, 0.5, 8, 8)
    coarse = np.random.default_rng(5).normal(300, 200, grid.shape)
    carried = interpolation.conserve(
        interpolation.upsample(coarse, FACTOR, "bicubic"), coarse, grid.refine(FACTOR), FACTOR, np.ones(grid.refine(FACTOR).shape)
    )
    inputs["covariates_fine"] = np.tile(carried[None, ..., None], (2, 1, 1, 2)).astype("float32")
    seen = keras.Model(model.inputs, model.get_layer("covariate_detail").output)(
        {tensor.name: inputs[tensor.name] for tensor in model.inputs}
    )
    np.testing.assert_allclose(ops.convert_to_numpy(seen), 0.0, atol=1e-2)  # 300 in float32, over 0.1


def test_a_network_saved_before_gives_what_it_gave():
    """Saved when detail was measured against the nearest block mean, with the fields that it gave then."""
    folder = Path(__file__).parent / "before"
    model = keras.saving.load_model(folder / "network.keras")
    inputs = sample_inputs(samples=1)
    with np.load(folder / "fields.npz") as expected:
        for name, value in called(model, {t.name: inputs[t.name] for t in model.inputs}).items():
            np.testing.assert_allclose(value[0, :8, :8, 0], expected[name], rtol=1e-4, atol=1e-3)


def test_without_covariates_and_every_depth():
    sample = SampleShape(1, 8, 8, 2, ("precipitation", "temperature"))
    for filters in ((4,), (4, 4), (4, 4, 4), (4, 4, 4, 4)):
        model = build_model(ModelConfig(**{**SMALL, "unet_filters": filters}), sample, Statistics((0.0, 0.0), (1.0, 1.0)))
        assert called(model, sample_inputs(sample))["mean"].shape == (2, 16, 16, 1)


def test_statistics_of_another_sample_are_refused():
    with pytest.raises(ConfigError, match="4 channels"):
        build_model(ModelConfig(), PAPER, STATISTICS)
    with pytest.raises(ConfigError, match="at least one climate channel"):
        build_model(ModelConfig(), SampleShape(1, 8, 8, 2, ()), Statistics())
