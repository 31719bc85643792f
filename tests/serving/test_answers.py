"""Servers that are down, slow, full, of another model, or no TF Serving at all; on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from gwkeras.core.errors import BadInput
from gwkeras.serving import Patience, connect
from tests.serving.small_model import NAME, small_info, small_inputs, small_network

SHORT = Patience(call=0.5, total=1.5, connect=1.5, first_pause=0.02, longest_pause=0.1)
SHAPE = (3, 32, 32, 1)


@pytest.fixture(scope="module")
def info():
    return small_info(small_network())


@contextmanager
def grpc_server(answer):
    """`answer(request, context)` for each call of Predict."""

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            return answer(request, context)

    server = grpc.server(ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait(10)


@contextmanager
def rest_server(answer):
    """`answer(handler, request)` for each POST."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def described(info, **changes):
    response = predict_pb2.PredictResponse()
    for name, value in {**info.encode(), **changes}.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(np.asarray(value)[None]))
    return response


def fields(**changes):
    response = predict_pb2.PredictResponse()
    for name, value in ({"mean": np.ones(SHAPE, np.float32), "stddev": np.full(SHAPE, 2, np.float32)} | changes).items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
    return response


def send(handler, status, body, length=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data) if length is None else length))
    handler.end_headers()
    handler.wfile.write(data)


def said(call, *arguments) -> str:
    with pytest.raises(BadInput) as error:
        call(*arguments)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def test_nothing_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for where in (address, f"http://{address}"):
            started = time.monotonic()
            words = said(connect, where, NAME, SHORT)
            assert time.monotonic() - started < 3
            assert words.startswith(f"{where}: expected a TF Serving server that answers, found ")
            assert words.endswith("start the server or check the address.")


def test_no_such_host():
    assert "check the address" in said(connect, "http://no-such-host.invalid:8501", NAME, SHORT)


def test_a_silent_server_over_grpc(info):
    def answer(request, context):
        if request.model_spec.signature_name == "model_info":
            return described(info)
        time.sleep(1)
        return fields()

    with grpc_server(answer) as address:
        served = connect(address, NAME, SHORT)
        words = said(served, small_inputs())
    assert "expected a TF Serving server that answers within 0.5 s, found silence after" in words
    assert words.endswith("wait longer with --timeout and --patience.")


@pytest.mark.parametrize(
    "change",
    [{"weights": np.bytes_(b"0000000000000000")}, {"sigma_scale": np.float64(9.0)}, {"version": np.bytes_(b"9.9.9")}],
    ids=lambda change: next(iter(change)),
)
def test_a_server_that_changes_its_model_midway(info, change):
    asked = []

    def answer(request, context):
        if request.model_spec.signature_name == "model_info":
            return described(info, **(change if len(asked) > 1 else {}))
        asked.append(request)
        return fields()

    with grpc_server(answer) as address:
        served = connect(address, NAME, SHORT)
        served(small_inputs())
        words = said(served, small_inputs())
    assert f"expected the model of the beginning (small, weights {info.weights})" in words
    assert words.endswith("name one version (--model-name NAME@3), and give the same command again.")


def test_a_silent_server_over_rest():
    with rest_server(lambda handler, request: time.sleep(1.0)) as address:
        assert "answers within 0.5 s, found silence" in said(connect, address, NAME, SHORT)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED])
def test_a_full_server_is_asked_again(info, code):
    refusals = iter([True, False, True, True, False, True, False])

    def answer(request, context):
        if next(refusals):
            context.abort(code, "The batch scheduling queue to which this task was submitted is full")
        return described(info) if request.model_spec.signature_name == "model_info" else fields()

    with grpc_server(answer) as address:
        found = connect(address, NAME, SHORT)(small_inputs())
    np.testing.assert_array_equal(found["mean"], np.ones(SHAPE))
    np.testing.assert_array_equal(found["variance"], np.full(SHAPE, 4))


def test_a_batch_with_another_clients_tiles_is_asked_again(info):
    words = "Tensors with name 'gwsa' from different tasks have different shapes and padding is turned off."
    refusals = iter([True, False])

    def answer(request, context):
        if request.model_spec.signature_name == "model_info":
            return described(info)
        if next(refusals):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, words)
        return fields()

    with grpc_server(answer) as address:
        assert connect(address, NAME, SHORT)(small_inputs())["mean"].shape == SHAPE


@pytest.mark.parametrize(
    ("code", "details", "words"),
    [
        (
            grpc.StatusCode.NOT_FOUND,
            "Servable not found for request: Latest(small)",
            "expected a server of the gwkeras model 'small'",
        ),
        (
            grpc.StatusCode.FAILED_PRECONDITION,
            'Serving signature key "model_info" not found.',
            "expected a server of the gwkeras model",
        ),
        (
            grpc.StatusCode.INVALID_ARGUMENT,
            "input size does not match\nsignature",
            "found INVALID_ARGUMENT: 'input size does not match sig",
        ),
        (grpc.StatusCode.INTERNAL, "out of memory", "found INTERNAL: 'out of memory'; see the server's log"),
    ],
)
def test_refusals_are_told_at_once(code, details, words):
    calls = []

    def answer(request, context):
        calls.append(request)
        context.abort(code, details)

    with grpc_server(answer) as address:
        assert words in said(connect, address, NAME, SHORT)
    assert len(calls) == 1


def test_an_older_schema_and_another_model(info):
    with grpc_server(lambda request, context: described(info, schema_version=np.int32(0))) as address:
        assert "expected a model of schema version 1, found version 0; export the model again" in said(
            connect, address, NAME, SHORT
        )
    with grpc_server(lambda request, context: fields()) as address:
        assert "of shape (3, 32, 32, 1) in its description; check what listens" in said(connect, address, NAME, SHORT)
    with grpc_server(lambda request, context: predict_pb2.PredictResponse()) as address:
        assert "expected a model exported by gwkeras, found no schema_version" in said(connect, address, NAME, SHORT)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mean": np.ones((3, 16, 16, 1), np.float32)}, "expected 'mean' as float32 (3, 32, 32, 1), found type 1 (3, 16, 16, 1)"),
        ({"stddev": np.ones(SHAPE, np.float64)}, "expected 'stddev' as float32 (3, 32, 32, 1), found type 2"),
        ({"mean": np.full(SHAPE, np.nan, np.float32)}, "expected finite numbers, found NaN or infinity in the answer"),
    ],
)
def test_answers_that_are_none(info, changes, words):
    def answer(request, context):
        return described(info) if request.model_spec.signature_name == "model_info" else fields(**changes)

    with grpc_server(answer) as address:
        served = connect(address, NAME, SHORT)
        assert words in said(served, small_inputs())


def rows(info):
    return {"outputs": {name: [value] for name, value in json.loads(info.to_json()).items()}}


def test_rest_asks_again_after_503_and_cut_connections(info):
    steps = iter(["503", "cut", "info", "drop", "cut", "fields", "cut", "info"])

    def answer(handler, request):
        step = next(steps)
        if step == "503":
            send(handler, 503, {"error": "Servable not ready"})
        elif step == "cut":
            send(handler, 200, b'{"outputs": {"me', length=10_000)
        elif step == "info":
            send(handler, 200, rows(info))
        elif step == "fields":
            send(
                handler, 200, {"outputs": {"mean": np.ones(SHAPE).tolist(), "stddev": np.full(SHAPE, 3.0).tolist(), "lower": [0]}}
            )

    with rest_server(answer) as address:
        found = connect(address, NAME, SHORT)(small_inputs())
    np.testing.assert_array_equal(found["variance"], np.full(SHAPE, 9))


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            404,
            {"error": "Servable not found for request: Latest(small)"},
            "expected a server of the gwkeras model at /v1/models/small",
        ),
        (
            400,
            {"error": 'Serving signature name: "model_info" not found in signature def'},
            "expected a server of the gwkeras model",
        ),
        (400, {"error": "JSON Value: {} Type: Object is not of expected type"}, "found status 400, 'JSON Value: {}"),
        (302, b"<html>moved</html>", "found status 302, '<html>moved</html>'"),
        (200, b"<html>hello</html>", "expected an answer of TF Serving, found b'<html>hello</html>'"),
        (200, {"predictions": [1]}, "expected an answer of TF Serving"),
        (200, {"outputs": [1]}, "expected named outputs, found list"),
        (200, {"outputs": {"schema_version": 1}}, "found a description that is not one row"),
        (200, {"outputs": {"schema_version": [3]}}, "expected a model of schema version 1, found version 3"),
        (200, b"[" * 100_000, "expected an answer of TF Serving"),
        (200, b'"' + b"x" * 3_000_000 + b'"', "expected an answer of at most 1048576 bytes, found more"),
    ],
)
def test_rest_servers_of_something_else(status, body, words):
    with rest_server(lambda handler, request: send(handler, status, body)) as address:
        assert words in said(connect, address, NAME, SHORT)
