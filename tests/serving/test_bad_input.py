"""Requests that the client does not send, and addresses that it does not call: one sentence each, exit code 2."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.core.schema import SampleShape
from gwkeras.serving import ModelInfo, Patience, ServedModel, connect, load_saved_model
from tests.serving.small_model import NAME, SAMPLE, small_info, small_inputs, small_network


@pytest.fixture(scope="module")
def info():
    return small_info(small_network())


@pytest.fixture(scope="module")
def unreachable(info):
    """A model whose transport must not be asked."""
    return ServedModel(info, None, "nowhere")  # type: ignore[arg-type]


def refused(model, inputs) -> str:
    with pytest.raises(BadInput) as error:
        model(inputs)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def changed(name, change):
    inputs = small_inputs()
    inputs[name] = change(inputs[name])
    return inputs


def test_wrong_shapes(unreachable):
    said = refused(unreachable, {k: v for k, v in small_inputs().items() if k != "gwsa"})
    assert said.startswith(
        "input gwsa: expected shape (batch, height, width, 1) with height and width divisible by 2, found none"
    )
    assert "found (3, 7, 8, 1)" in refused(unreachable, changed("gwsa", lambda v: v[:, :7]))
    assert "found (8, 8, 1)" in refused(unreachable, changed("gwsa", lambda v: v[0]))
    assert "found (0, 8, 8, 1)" in refused(unreachable, changed("gwsa", lambda v: v[:0]))
    said = refused(unreachable, changed("climate", lambda v: np.moveaxis(v, -1, 1)))
    assert said == (
        "input climate: expected shape (3, 2, 8, 8, 2): (batch, T, H, W, D), found (3, 2, 2, 8, 8); "
        "stack precipitation, temperature in this order."
    )
    assert "expected shape (3, 32, 32, 2)" in refused(unreachable, changed("covariates_fine", lambda v: v[..., :1]))
    assert "expected shape (3,): (batch, scalar), found (3, 1)" in refused(unreachable, changed("time", lambda v: v[:, None]))
    said = refused(unreachable, {k: v for k, v in small_inputs().items() if k != "latitude"})
    assert said.startswith("input latitude: expected centres of the coarse rows (degrees_north), found none")


def test_wrong_types(unreachable):
    for dtype in ("float64", "int32", "<U4"):
        assert "expected float32, found" in refused(unreachable, changed("gwsa", lambda v, dtype=dtype: v.astype(dtype)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_cells_without_data_are_told_by_land_and_not_by_nan(unreachable, value):
    def spoil(array):
        array[0, 0, 0] = value
        return array

    said = refused(unreachable, changed("gwsa", spoil))
    assert said.startswith(
        "input gwsa: expected finite numbers, found NaN or infinity in 1 places; give 0 where there are no data"
    )


def test_channels_of_another_configuration(info):
    info.require(SAMPLE, (0.5, 0.5))
    for sample, words in (
        (
            SampleShape(2, 8, 8, 4, ("temperature", "precipitation"), SAMPLE.covariates),
            "climate channels: expected precipitation, temperature, found temperature, precipitation, another order",
        ),
        (SampleShape(2, 8, 8, 4, SAMPLE.climate, ("elevation",)), "fine covariates: expected elevation, soil, found elevation;"),
        (SampleShape(2, 8, 8, 4, SAMPLE.climate), "fine covariates: expected elevation, soil, found none;"),
        (SampleShape(6, 8, 8, 4, SAMPLE.climate, SAMPLE.covariates), "months of climate: expected 2, found 6;"),
        (SampleShape(2, 8, 8, 5, SAMPLE.climate, SAMPLE.covariates), "factor: expected 4, found 5;"),
    ):
        with pytest.raises(BadInput, match="model small") as error:
            info.require(sample)
        assert words in str(error.value)
    with pytest.raises(BadInput, match=r"expected steps of 0\.5° × 0\.5°, found 1° × 1°"):
        info.require(SAMPLE, (1.0, 1.0))


def test_a_description_survives_both_of_its_forms(info):
    import json

    assert ModelInfo.decode(info.encode(), "here") == info
    assert ModelInfo.decode(json.loads(info.to_json()), "here") == info


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("schema_version", 0, "expected a model of schema version 1, found version 0; export the model again"),
        ("schema_version", None, "expected a model exported by gwkeras, found no schema_version"),
        ("months", "six", "expected 'months' as int, found"),
        ("months", 2.5, "expected 'months' as int, found '2.5'"),
        ("months", True, "expected 'months' as int"),
        ("climate", "precipitation", r"expected 'climate' as tuple\[str, ...\]"),
        ("climate", [b"\xff"], "expected 'climate'"),
        ("climate", ["precipitation"], "contradicts itself"),
        ("calibrated", 1, "expected 'calibrated' as bool"),
        ("divisor", 0, "contradicts itself"),
        ("factor", 10**9, "contradicts itself"),
        ("months", 10**400, "expected 'months' as int"),
        ("inputs", ["gwsa", "land", "climate", "secret"], "contradicts itself"),
        ("sigma_scale", float("nan"), "expected 'sigma_scale' as float"),
    ],
)
def test_descriptions_of_something_else(info, field, value, words):
    with pytest.raises(BadInput, match=words):
        ModelInfo.decode({**info.encode(), field: value}, "somewhere")


@pytest.mark.parametrize(
    ("address", "model", "words"),
    [
        ("localhost", NAME, "expected host:port for gRPC or http://host:port for REST"),
        ("localhost:8500/x", NAME, "expected host:port"),
        ("localhost:8500", "", "expected the name of a model, found none"),
        ("localhost:8500", "a/b", "expected NAME, NAME@version or NAME@label"),
        ("http://localhost:8501", "", "expected http://host:8501/v1/models/NAME"),
        ("http://localhost:8501/v2/health", NAME, "expected http://host:8501/v1/models/NAME"),
        ("ftp://localhost:8501", NAME, "expected http://host:8501/v1/models/NAME"),
    ],
)
def test_addresses(address, model, words):
    with pytest.raises(BadInput, match=words):
        connect(address, model, Patience(total=0.5, connect=0.5))


def test_folders_that_hold_no_model(tmp_path):
    with pytest.raises(BadInput, match="expected a SavedModel, found no such folder"):
        load_saved_model(tmp_path / "missing")
    with pytest.raises(BadInput, match="expected a SavedModel, found none; write one with gwkeras export"):
        load_saved_model(tmp_path)
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "saved_model.pb").write_bytes(b"\x00garbage")
    with pytest.raises(BadInput, match="expected a SavedModel, found one that does not load"):
        load_saved_model(tmp_path)


def test_a_saved_model_of_somebody_elses(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.double})
    with pytest.raises(
        BadInput, match="with the signature model_info, found serving_default; export the model with gwkeras export"
    ):
        load_saved_model(tmp_path)


@pytest.mark.slow
def test_damaged_saved_models(small, tmp_path):
    rng = np.random.default_rng(0)
    refusals = 0
    for number in range(24):
        folder = tmp_path / str(number)
        shutil.copytree(small.version, folder)
        victim = folder / ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001")[number % 3]
        content = bytearray(victim.read_bytes())
        if number % 4 == 0:
            content = content[: rng.integers(0, len(content))]
        for _ in range(3 if content else 0):
            content[rng.integers(0, len(content))] = rng.integers(0, 256)
        victim.write_bytes(content)
        try:
            load_saved_model(folder)(small_inputs(1))
        except BadInput as refusal:
            refusals += 1
            sentence = str(refusal)
            if "\n" in sentence:
                pytest.fail(sentence)
    assert refusals > 12
