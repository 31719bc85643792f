"""Requests and answers: there and back, and what damage does to them."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorflow_serving.apis import predict_pb2

from gwkeras.core.errors import BadInput
from gwkeras.serving import ModelInfo, wire
from tests.serving.small_model import small_info, small_network

SHAPES = {"mean": (2, 4, 4, 1), "stddev": (2, 4, 4, 1)}
ARRAYS = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=1, max_dims=5, min_side=1, max_side=4), elements=st.floats(width=32, allow_nan=False)
)
_ALLOWED = 8_000_000  # bytes; answers here have 64 numbers


def answer():
    rng = np.random.default_rng(0)
    response = predict_pb2.PredictResponse()
    for name, shape in SHAPES.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(rng.normal(size=shape).astype(np.float32)))
    return response


@pytest.fixture(scope="module")
def description():
    response = predict_pb2.PredictResponse()
    for name, value in small_info(small_network()).encode().items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value[None]))
    return response


@given(ARRAYS)
def test_tensorflow_reads_what_is_sent(array):
    request = wire.encode_request("m", 3, None, "serving_default", {"x": array, "n": np.arange(3, dtype=np.int32)}, ("mean",))
    again = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    np.testing.assert_array_equal(tf.make_ndarray(again.inputs["x"]), array)
    assert tf.make_ndarray(again.inputs["n"]).tolist() == [0, 1, 2]
    assert (again.model_spec.name, again.model_spec.version.value, list(again.output_filter)) == ("m", 3, ["mean"])


@given(ARRAYS, st.booleans())
def test_what_tensorflow_sends_is_read(array, as_values):
    response = predict_pb2.PredictResponse()
    tensor = response.outputs["x"]
    tensor.CopyFrom(tf.make_tensor_proto(array))
    if as_values:  # the real server's way
        tensor.ClearField("tensor_content")
        del tensor.float_val[:]
        tensor.float_val.extend(array.ravel().tolist())
    np.testing.assert_array_equal(wire.decode_answer(response, {"x": array.shape}, "here")["x"], array)


@given(hnp.arrays(np.float32, (2, 3, 1), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_json_there_and_back(array):
    sent = json.loads(wire.encode_json("serving_default", {"x": array}))
    assert sent["signature_name"] == "serving_default"
    np.testing.assert_array_equal(np.asarray(sent["inputs"]["x"], np.float32), array)
    body = json.dumps({"outputs": {"x": array.tolist()}}).encode()
    assert len(body) < wire.largest_json({"x": array.shape})
    np.testing.assert_array_equal(wire.decode_json(body, {"x": array.shape}, "here")["x"], array)


def harmless(decode, *arguments):
    """The result, or None for one of our own sentences; nothing else, and no memory out of proportion."""
    tracemalloc.start()
    try:
        return decode(*arguments)
    except BadInput as refusal:
        return None if "\n" not in str(refusal) else pytest.fail("more than one sentence")
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < _ALLOWED


def damaged(data, draw):
    """Truncated, or a few bytes changed."""
    if draw(st.booleans()):
        return data[: draw(st.integers(0, len(data)))]
    spoiled = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        spoiled[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(spoiled)


@given(st.data())
def test_damaged_fields(data):
    try:
        response = predict_pb2.PredictResponse.FromString(damaged(answer().SerializeToString(deterministic=True), data.draw))
    except DecodeError:
        return  # gRPC itself refuses these
    found = harmless(wire.decode_answer, response, SHAPES, "here")
    assert found is None or {name: value.shape for name, value in found.items()} == SHAPES


@given(st.data())
def test_damaged_descriptions(description, data):
    try:
        response = predict_pb2.PredictResponse.FromString(damaged(description.SerializeToString(deterministic=True), data.draw))
    except DecodeError:
        return
    values = harmless(wire.decode_info, response, "here")
    info = None if values is None else harmless(ModelInfo.decode, values, "here")
    assert info is None or isinstance(info, ModelInfo)


@given(st.data())
def test_damaged_json(data):
    body = json.dumps({"outputs": {name: np.ones(shape).tolist() for name, shape in SHAPES.items()}}).encode()
    found = harmless(wire.decode_json, damaged(body, data.draw), SHAPES, "here")
    assert found is None or {name: value.shape for name, value in found.items()} == SHAPES


@given(st.data())
def test_damaged_descriptions_in_json(data):
    body = json.dumps({"outputs": {n: [v] for n, v in json.loads(small_json()).items()}}).encode()
    values = harmless(wire.decode_json_info, damaged(body, data.draw), "here")
    info = None if values is None else harmless(ModelInfo.decode, values, "here")
    assert info is None or isinstance(info, ModelInfo)


def small_json() -> str:
    return json.dumps(
        {"name": "small", "schema_version": 1, "months": 2, "factor": 4, "climate": ["precipitation"], "calibrated": True}
    )


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)))
def test_any_json_at_all(document):
    for body in (json.dumps(document), json.dumps({"outputs": document})):
        harmless(wire.decode_json, body.encode(), SHAPES, "here")
        values = harmless(wire.decode_json_info, body.encode(), "here")
        if values is not None:
            harmless(ModelInfo.decode, values, "here")


def test_numbers_that_json_does_not_know_are_read():
    found = wire.decode_json(b'{"outputs": {"x": [NaN, Infinity, -Infinity, 1]}}', {"x": (4,)}, "here")["x"]
    np.testing.assert_array_equal(found, [np.nan, np.inf, -np.inf, 1])


@given(st.data())
def test_claims_about_a_field_that_are_not_true(data):
    """Any sizes, any type, and content of any of the protocol's kinds."""
    response = answer()
    tensor = response.outputs["mean"]
    tensor.dtype = data.draw(st.integers(0, 25))
    del tensor.tensor_shape.dim[:]
    for size in data.draw(st.lists(st.sampled_from([-1, 0, 1, 2, 4, 2**31, 2**40, 2**62]), max_size=6)):
        tensor.tensor_shape.dim.add().size = size
    tensor.tensor_shape.unknown_rank = data.draw(st.booleans())
    tensor.tensor_content = data.draw(st.binary(max_size=300))
    tensor.double_val.extend(data.draw(st.lists(st.floats(), max_size=3)))
    tensor.string_val.extend(data.draw(st.lists(st.binary(max_size=5), max_size=3)))
    found = harmless(wire.decode_answer, response, SHAPES, "here")
    assert found is None or found["mean"].shape == SHAPES["mean"]
    values = harmless(wire.decode_info, response, "here")
    assert values is None or len(np.ravel(values["mean"])) <= 300


@given(
    st.sampled_from(
        ["schema_version", "months", "factor", "divisor", "climate", "grid_step", "sigma_scale", "network", "weights"]
    ),
    st.data(),
)
def test_lies_in_a_description(description, name, data):
    response = predict_pb2.PredictResponse()
    response.CopyFrom(description)
    tensor = response.outputs[name]
    if data.draw(st.booleans()):
        tensor.dtype = data.draw(st.sampled_from([1, 2, 3, 7, 9, 10]))
    for dim in tensor.tensor_shape.dim:
        dim.size = data.draw(st.sampled_from([-1, 0, 1, 2, 2**40, dim.size]))
    values = harmless(wire.decode_info, response, "here")
    info = None if values is None else harmless(ModelInfo.decode, values, "here")
    assert info is None or isinstance(info, ModelInfo)


def test_sizes_are_compared_before_anything_is_allocated():
    response = predict_pb2.PredictResponse()
    tensor = response.outputs["mean"]
    tensor.dtype = 1
    for _ in range(4):
        tensor.tensor_shape.dim.add().size = 2**40
    tensor.float_val.append(1.0)  # a constant field of 2**160 numbers
    assert harmless(wire.decode_answer, response, {"mean": (2, 4, 4, 1)}, "here") is None
    tensor.dtype = 3
    assert harmless(wire.decode_info, response, "here") is None


def test_a_constant_field_may_be_sent_as_one_number():
    response = predict_pb2.PredictResponse()
    response.outputs["mean"].CopyFrom(tf.make_tensor_proto(7.0, tf.float32, (2, 3)))
    assert wire.decode_answer(response, {"mean": (2, 3)}, "here")["mean"].tolist() == [[7.0] * 3] * 2
