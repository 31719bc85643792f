"""Keras, SavedModel, OpenVINO, gRPC and REST give one field."""

import pickle

import numpy as np
import pytest

from gwkeras.core.config.tree import ModelConfig
from gwkeras.serving import connect, load_saved_model
from tests.serving.small_model import CALIBRATION, CONFIG, NAME, small_info, small_inputs, taken

pytestmark = pytest.mark.slow  # an export and a server
WAYS = ("folder", "grpc", "rest")


@pytest.fixture(params=WAYS)
def served(request, small):
    if request.param == "folder":
        return load_saved_model(small.base)
    server = request.getfixturevalue("server")
    address = {"grpc": server.grpc, "rest": server.rest}[request.param]
    if not address:
        pytest.skip("GWKERAS_TF_SERVING_REST names no REST address of the real server")
    return connect(address, NAME)


@pytest.mark.parametrize(("samples", "height", "width"), [(1, 8, 8), (3, 8, 8), (2, 12, 6), (1, 2, 22)])
def test_every_way_gives_the_networks_field(served, small, samples, height, width):
    inputs = small_inputs(samples, height, width, seed=height)
    expected = small.network.predict_on_batch(taken(small.network, inputs))
    found = served(inputs)
    assert np.ptp(expected["mean"]) > 100, "a field without range proves nothing"
    np.testing.assert_allclose(found["mean"], expected["mean"], atol=1e-3, rtol=0)
    stddev = CALIBRATION.sigma_scale * np.sqrt(expected["variance"])
    np.testing.assert_allclose(np.sqrt(found["variance"]), stddev, atol=1e-3, rtol=0)
    assert found["mean"].shape == (samples, 4 * height, 4 * width, 1)
    assert found["mean"].dtype == found["variance"].dtype == np.float32


def test_every_way_tells_what_the_model_is(served, small):
    assert served.model_info == small_info(small.network)
    assert served.model_info.model_config == CONFIG
    assert isinstance(served.model_info.model_config, ModelConfig)
    assert (served.divisor, served.sigma_scale, served.interval_factor, served.conserving) == (2, 1.0, 1.5, True)


def test_a_connection_travels_to_another_process(served):
    inputs = small_inputs(1)
    expected = served(inputs)["mean"]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(served))(inputs)["mean"], expected)


@pytest.mark.parametrize("which", ["", "@1", "@stable"])
def test_versions_and_labels(small, server, which):
    address = [server.grpc, server.rest] if server.rest else [server.grpc]
    for where in address:
        assert connect(where, NAME + which).model_info.name == NAME
    if server.rest:
        path = {"": "", "@1": "/versions/1", "@stable": "/labels/stable"}[which]
        assert connect(f"{server.rest}/v1/models/{NAME}{path}").model_info.name == NAME


def test_an_independent_engine_gives_the_same_field(small):
    openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install openvino")
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(small.version)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for samples, height, width in ((1, 8, 8), (2, 12, 6)):
        inputs = taken(small.network, small_inputs(samples, height, width))
        expected = small.network.predict_on_batch(inputs)
        found = {output.any_name: value for output, value in compiled(inputs).items()}
        domain = np.abs(expected["mean"]).max()
        np.testing.assert_allclose(found["mean"], expected["mean"], atol=1e-4 * domain, rtol=0)
        np.testing.assert_allclose(found["mean"], expected["mean"], atol=1e-3, rtol=0)
        np.testing.assert_allclose(found["stddev"], CALIBRATION.sigma_scale * np.sqrt(expected["variance"]), atol=1e-4, rtol=0)
