"""What an export leaves behind, and what it does not where something is wrong."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput, GwkerasError
from gwkeras.export import saved_model as saved_model_room
from gwkeras.export.saved_model_finding import exported_before
from gwkeras.serving import ModelInfo, load_saved_model
from tests.serving.small_model import NAME, SAMPLE, export_for_tests, export_small, small_info, small_inputs, small_network, taken

pytestmark = pytest.mark.slow  # each export starts a process
KEYS = ("climate", "gwsa", "gwsa_previous", "has_previous", "land", "land_fine", "time", "latitude", "covariates_fine")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return export_for_tests(tmp_path_factory.mktemp("saved_models"))


def test_signatures_are_named_and_free_in_batch_height_and_width(small):
    signatures = tf.saved_model.load(str(small.version)).signatures
    assert set(signatures) == {"serving_default", "model_info"}
    inputs = signatures["serving_default"].structured_input_signature[1]
    assert set(inputs) == set(KEYS)
    assert inputs["climate"].shape.as_list() == [None, SAMPLE.months, None, None, 2]
    assert inputs["land_fine"].shape.as_list() == [None, None, None, 1]
    assert {spec.dtype for spec in inputs.values()} == {tf.float32}
    outputs = signatures["serving_default"].structured_outputs
    assert set(outputs) == {"mean", "stddev", "lower", "upper"}


def test_bounds_and_standard_deviation_are_calibrated(small):
    inputs = taken(small.network, small_inputs())
    expected = small.network.predict_on_batch(inputs)
    found = tf.saved_model.load(str(small.version)).signatures["serving_default"](
        **{k: tf.constant(v) for k, v in inputs.items()}
    )
    stddev = 1.25 * np.sqrt(expected["variance"])
    np.testing.assert_allclose(found["stddev"], stddev, rtol=1e-5)
    np.testing.assert_allclose(found["upper"] - found["mean"], 1.5 * stddev, atol=1e-4)
    np.testing.assert_allclose(found["mean"] - found["lower"], 1.5 * stddev, atol=1e-4)


def test_the_difference_to_keras_was_measured(small):
    assert 0 <= small.difference <= 1e-5


def test_every_request_gets_a_row_of_the_description(small):
    described = tf.saved_model.load(str(small.version)).signatures["model_info"](request=tf.constant([5, 7], tf.int32))
    assert described["climate"].numpy().tolist() == [[b"precipitation", b"temperature"]] * 2
    assert described["factor"].numpy().tolist() == [4, 4]
    assert described["config_hash"].numpy().tolist() == [b"0123456789abcdef"] * 2


def test_assets_hold_manifest_and_description(small):
    assert (small.version / "assets" / "manifest.json").read_bytes() == b"{}"
    told = json.loads((small.version / "assets" / "model_info.json").read_text())
    assert ModelInfo.decode(told, "assets") == small_info(small.network)


def test_warm_up_records_are_requests_that_the_model_answers_as_keras_does(small):
    records = tf.data.TFRecordDataset(str(small.version / "assets.extra" / "tf_serving_warmup_requests"))
    requests = [prediction_log_pb2.PredictionLog.FromString(r.numpy()).predict_log.request for r in records]
    assert [(r.model_spec.name, r.model_spec.signature_name) for r in requests] == [
        (NAME, "serving_default"),
        (NAME, "serving_default"),
        (NAME, "model_info"),
    ]
    signatures = tf.saved_model.load(str(small.version)).signatures
    sample = small_inputs()
    for request, size in zip(requests, (1, 3, None), strict=True):
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        outputs = signatures[request.model_spec.signature_name](**{k: tf.constant(v) for k, v in inputs.items()})
        if size:
            np.testing.assert_array_equal(inputs["climate"], sample["climate"][:size])
            expected = small.network.predict_on_batch(inputs)["mean"]
            np.testing.assert_allclose(outputs["mean"], expected, atol=1e-3)


def test_versions_count_up_and_an_uncalibrated_model_has_no_bounds(tmp_path):
    network = small_network()
    for name in ("7", "notes", ".12.partial"):
        (tmp_path / name).mkdir()
    exported = export_small(tmp_path, network, Calibration(), calibrated=False)
    assert exported.folder == tmp_path / "8"
    assert set(tf.saved_model.load(str(exported.folder)).signatures["serving_default"].structured_outputs) == {"mean", "stddev"}
    assert load_saved_model(tmp_path).where == str(tmp_path / "8")


def test_an_export_is_recognised_by_what_it_is_made_of(small, tmp_path):
    info = small_info(small.network)
    assert exported_before(small.base, info) == small.version
    for changed in ({"weights": "0" * 16}, {"sigma_scale": 1.3}, {"interval": 0.5}, {"config_hash": "0" * 16}):
        assert exported_before(small.base, replace(info, **changed)) is None
    assert exported_before(tmp_path / "none", info) is None
    shutil.copytree(small.version, tmp_path / "9")
    shutil.copytree(small.version, tmp_path / "10")
    assert exported_before(tmp_path, info) == tmp_path / "10"
    (tmp_path / "10" / "assets" / "model_info.json").write_text('{"weights": ')
    assert exported_before(tmp_path, info) is None  # the newest is what a server loads


def test_what_differs_from_keras_is_deleted(small, tmp_path, monkeypatch):
    write = saved_model_room._write

    def write_another(network, calibration, partial, info):
        other = small_network()
        other.get_layer("detail_nonlinear").set_weights([w + 0.01 for w in other.get_layer("detail_nonlinear").get_weights()])
        write(other, calibration, partial, info)

    monkeypatch.setattr(saved_model_room, "_write", write_another)
    with pytest.raises(GwkerasError, match=r"'mean' differs from the network's by .*, so it was deleted"):
        export_small(tmp_path, small.network)
    assert list(tmp_path.iterdir()) == []


def test_what_plain_tensorflow_cannot_load_is_deleted(small, tmp_path, monkeypatch):
    write = saved_model_room._write

    def write_truncated(network, calibration, partial, info):
        write(network, calibration, partial, info)
        graph = partial / "saved_model.pb"
        graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])

    monkeypatch.setattr(saved_model_room, "_write", write_truncated)
    with pytest.raises(GwkerasError, match="does not load in plain TensorFlow, so it was deleted"):
        export_small(tmp_path, small.network)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be(small, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(BadInput, match="expected a folder to write the model to"):
        export_small(tmp_path / "taken", small.network)
    assert (tmp_path / "taken").read_text() == "mine"


def test_what_a_killed_export_left_is_swept_and_another_living_one_is_not(tmp_path):
    dead, alive = tmp_path / ".999999999.partial", tmp_path / f".{os.getppid()}.partial"
    for folder in (dead, alive):
        (folder / "variables").mkdir(parents=True)
    saved_model_room._sweep(tmp_path)
    assert not dead.exists()
    assert alive.exists()


def test_two_exports_in_the_same_moment_get_two_numbers(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").write_text(name)
    folder = tmp_path / "model"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "saved_model.pb").write_text("older")
    assert saved_model_room._publish(tmp_path / "a", folder) == folder / "2"
    assert saved_model_room._publish(tmp_path / "b", folder) == folder / "3"
    assert [(folder / str(n) / "saved_model.pb").read_text() for n in (1, 2, 3)] == ["older", "a", "b"]
