"""A PredictionService on the official protocols, over a SavedModel loaded with plain TensorFlow; gwkeras is not imported.

It stands in for tensorflow_model_server, of which no package registry has a binary, and follows its source in what clients
see: the newest version is served, errors have the same codes and words, batching is off. Both interfaces: gRPC, and REST
column by column.

Usage: prediction_server.py BASE_PATH MODEL_NAME GRPC_PORT REST_PORT; port 0 takes a free one. Says "ready GRPC REST".
"""

import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
HTTP = {NOT_FOUND: 404, INVALID: 400, PRECONDITION: 400}


class Refused(Exception):
    def __init__(self, code, words):
        super().__init__(words)
        self.code, self.words = code, words


class Servable:
    """The newest version in a folder."""

    def __init__(self, base, name):
        self.name = name
        self.version = max(int(p.name) for p in Path(base).iterdir() if p.name.isdigit())
        path = Path(base) / str(self.version)
        self.loaded = tf.saved_model.load(str(path))
        self.signatures = self.loaded.signatures
        for record in tf.data.TFRecordDataset(str(path / "assets.extra" / "tf_serving_warmup_requests")):
            log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
            self.predict(log.predict_log.request)

    def signature(self, spec):
        if spec.name != self.name:
            raise Refused(NOT_FOUND, f"Servable not found for request: Latest({spec.name})")
        if spec.WhichOneof("version_choice") == "version" and spec.version.value != self.version:
            raise Refused(NOT_FOUND, f"Servable not found for request: Specific({spec.name}, {spec.version.value})")
        if spec.version_label not in ("", "stable"):
            raise Refused(INVALID, f"Unrecognized servable version label: {spec.version_label}")
        wanted = spec.signature_name or "serving_default"
        if wanted not in self.signatures:
            raise Refused(PRECONDITION, f'Serving signature key "{wanted}" not found.')
        return self.signatures[wanted]

    def predict(self, request):
        function = self.signature(request.model_spec)
        expected = function.structured_input_signature[1]
        if set(request.inputs) != set(expected):
            missing, extra = sorted(set(expected) - set(request.inputs)), sorted(set(request.inputs) - set(expected))
            raise Refused(INVALID, f"input size does not match signature: Sent extra: {extra}. Missing but required: {missing}.")
        inputs = {}
        for name, proto in request.inputs.items():
            if proto.dtype != expected[name].dtype.as_datatype_enum:
                wanted, given = expected[name].dtype.name, tf.as_dtype(proto.dtype).name
                raise Refused(INVALID, f"Expects arg[0] to be {wanted} but {given} is provided")
            inputs[name] = tf.constant(tf.make_ndarray(proto))
            if not expected[name].shape.is_compatible_with(inputs[name].shape):
                raise Refused(INVALID, f"Tensor {name} must be of shape {expected[name].shape}, is {inputs[name].shape}")
        try:
            outputs = function(**inputs)
        except tf.errors.OpError as error:
            raise Refused(INVALID, str(error.message)[:500]) from error
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(request.model_spec)
        response.model_spec.version.value = self.version
        for name, value in outputs.items():
            if not request.output_filter or name in request.output_filter:
                # as field values, the real server's default, not as bytes
                response.outputs[name].CopyFrom(as_fields(value.numpy()))
        return response


def as_fields(array):
    proto = tf.make_tensor_proto(array)
    if proto.dtype == 1 and proto.tensor_content:
        values = np.frombuffer(proto.tensor_content, np.float32)
        proto.ClearField("tensor_content")
        proto.float_val.extend(values.tolist())
    return proto


class Grpc(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, servable):
        self.servable = servable

    def Predict(self, request, context):
        try:
            return self.servable.predict(request)
        except Refused as refused:
            context.abort(refused.code, refused.words)

    def GetModelStatus(self, request, context):
        response = get_model_status_pb2.GetModelStatusResponse()
        response.model_version_status.add(version=self.servable.version, state=30)
        return response


def rest_handler(servable):
    address = re.compile(r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+)|/labels/(?P<label>\w+))?(:predict)?$")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def spec(self):
            found = address.match(self.path)
            if not found:
                raise Refused(NOT_FOUND, f"Malformed request: {self.command} {self.path}")
            request = predict_pb2.PredictRequest()
            request.model_spec.name = found["name"]
            if found["version"]:
                request.model_spec.version.value = int(found["version"])
            elif found["label"]:
                request.model_spec.version_label = found["label"]
            return request

        def do_GET(self):
            try:
                request = self.spec()
                servable.signature(request.model_spec)
                status = {"error_code": "OK", "error_message": ""}
                version = {"version": str(servable.version), "state": "AVAILABLE", "status": status}
                self.answer(200, {"model_version_status": [version]})
            except Refused as refused:
                self.answer(HTTP[refused.code], {"error": refused.words})

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                self.answer(200, self.predict(body))
            except Refused as refused:
                self.answer(HTTP[refused.code], {"error": refused.words})

        def predict(self, body):
            request = self.spec()
            try:
                document = json.loads(body)
                request.model_spec.signature_name = document.get("signature_name", "")
                given = document["inputs"]
            except (ValueError, KeyError, AttributeError) as error:
                raise Refused(INVALID, "Missing 'inputs' or 'instances' key") from error
            for name, spec in servable.signature(request.model_spec).structured_input_signature[1].items():
                if name not in given:
                    raise Refused(INVALID, f"Missing named input: {name} in 'inputs' object.")
                request.inputs[name].CopyFrom(tf.make_tensor_proto(np.asarray(given[name], spec.dtype.as_numpy_dtype)))
            response = servable.predict(request)
            outputs = {name: plain(tf.make_ndarray(value)) for name, value in response.outputs.items()}
            return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}

    return Handler


def plain(array):
    if array.dtype != object:
        return array.tolist()
    return np.vectorize(lambda b: b.decode(), otypes=[object])(array).tolist() if array.size else array.tolist()


def main(base, name, grpc_port, rest_port):
    servable = Servable(base, name)
    service = Grpc(servable)
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(service, server)
    bound = server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    rest = ThreadingHTTPServer(("127.0.0.1", int(rest_port)), rest_handler(servable))
    server.start()
    sys.stdout.write(f"ready {bound} {rest.server_port}\n")
    sys.stdout.flush()
    rest.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
