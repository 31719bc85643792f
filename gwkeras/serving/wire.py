"""Arrays to requests and answers to arrays, for gRPC and REST: each direction beside its inverse.

An answer comes from outside: its shapes are compared with what must come before anything is allocated for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from gwkeras.core.errors import BadInput

Shapes = Mapping[str, tuple[int, ...]]

_LARGEST_INFO = 1 << 20  # bytes; a model's description is a few kilobytes
_CHARACTERS_A_NUMBER = 40  # JSON; float32 needs about 13
_REMEDY = "check what listens at this address"


def encode_request(
    model: str, version: int | None, label: str | None, signature: str, inputs: Mapping[str, np.ndarray], outputs: tuple[str, ...]
):
    """A PredictRequest; float32 and int32 arrays travel as bytes. Empty `outputs`: all."""
    from tensorflow.core.framework import types_pb2
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    if version is not None:
        request.model_spec.version.value = version
    elif label is not None:
        request.model_spec.version_label = label
    for name, value in inputs.items():
        tensor = request.inputs[name]
        tensor.dtype = types_pb2.DT_INT32 if value.dtype == np.int32 else types_pb2.DT_FLOAT
        for size in value.shape:
            tensor.tensor_shape.dim.add().size = size
        tensor.tensor_content = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    request.output_filter.extend(outputs)
    return request


def decode_answer(response: Any, shapes: Shapes, where: object) -> dict[str, np.ndarray]:
    """The float32 outputs named in `shapes` of a PredictResponse.

    Raises: BadInput: where one is missing, or of another type, shape or length.
    """
    result = {}
    for name, shape in shapes.items():
        if name not in response.outputs:
            raise _missing(where, name, response.outputs)
        tensor = response.outputs[name]
        found = tuple(d.size for d in tensor.tensor_shape.dim)
        if tensor.dtype != 1 or found != shape:  # 1: DT_FLOAT
            raise BadInput(where, expected=f"'{name}' as float32 {shape}", found=f"type {tensor.dtype} {found}", remedy=_REMEDY)
        count = int(np.prod(shape))
        if len(tensor.tensor_content) == 4 * count:
            values = np.frombuffer(tensor.tensor_content, "<f4").astype(np.float32)
        elif len(tensor.float_val) == count:
            values = np.asarray(tensor.float_val, np.float32)
        elif len(tensor.float_val) == 1:  # the protocol's short form of a constant field
            values = np.full(count, tensor.float_val[0], np.float32)
        else:
            raise BadInput(
                where,
                expected=f"{count} numbers for '{name}'",
                found=f"{max(len(tensor.tensor_content) // 4, len(tensor.float_val))}",
                remedy=_REMEDY,
            )
        result[name] = values.reshape(shape)
    return result


def decode_info(response: Any, where: object) -> dict[str, Any]:
    """The outputs of the signature `model_info` as plain values, the batch axis taken off.

    Raises: BadInput: where they are not one row each, or larger than any description.
    """
    if response.ByteSize() > _LARGEST_INFO:
        raise BadInput(where, expected="a description of a model", found=f"{response.ByteSize()} bytes", remedy=_REMEDY)
    result: dict[str, Any] = {}
    for name, tensor in response.outputs.items():
        shape = tuple(d.size for d in tensor.tensor_shape.dim)
        values = _values(tensor)
        if values is None or len(shape) not in (1, 2) or shape[0] != 1 or len(values) != int(np.prod(shape, dtype=object)):
            raise BadInput(
                where,
                expected="a model exported by gwkeras",
                found=f"'{name}' of shape {shape} in its description",
                remedy=_REMEDY,
            )
        result[name] = values if len(shape) == 2 else values[0]
    return result


def encode_json(signature: str, inputs: Mapping[str, np.ndarray]) -> bytes:
    """The body of a REST request, column by column; float32 with the fewest digits that read back as the same number."""
    columns = {name: np.ascontiguousarray(value) for name, value in inputs.items()}
    return orjson.dumps({"signature_name": signature, "inputs": columns}, option=orjson.OPT_SERIALIZE_NUMPY)


def decode_json(body: bytes, shapes: Shapes, where: object) -> dict[str, np.ndarray]:
    """The float32 outputs named in `shapes` of a REST answer. Raises: BadInput: as `decode_answer`."""
    outputs = _outputs(body, where)
    result = {}
    for name, shape in shapes.items():
        if name not in outputs:
            raise _missing(where, name, outputs)
        try:
            values = np.asarray(outputs[name], dtype=np.float32)
        except (ValueError, TypeError, OverflowError, RecursionError):
            values = np.zeros(0, np.float32)
        if values.shape != shape:
            raise BadInput(where, expected=f"'{name}' as numbers {shape}", found=f"{values.shape}", remedy=_REMEDY)
        result[name] = values
    return result


def decode_json_info(body: bytes, where: object) -> dict[str, Any]:
    """As `decode_info`, from a REST answer."""
    outputs = _outputs(body, where)
    if not all(isinstance(v, list) and len(v) == 1 for v in outputs.values()):
        raise BadInput(where, expected="a model exported by gwkeras", found="a description that is not one row", remedy=_REMEDY)
    return {name: value[0] for name, value in outputs.items()}


def largest_json(shapes: Shapes | None) -> int:
    """Bytes above which a REST answer cannot be one; None: a description."""
    if shapes is None:
        return _LARGEST_INFO
    # A server returns all outputs of the signature, asked for or not; there are four of equal size.
    return _LARGEST_INFO + 4 * _CHARACTERS_A_NUMBER * sum(int(np.prod(s)) for s in shapes.values())


def _outputs(body: bytes, where: object) -> dict[str, Any]:
    try:
        outputs = _parsed(body)["outputs"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(where, expected="an answer of TF Serving", found=f"{body[:60]!r}", remedy=_REMEDY) from error
    if not isinstance(outputs, dict):
        raise BadInput(where, expected="named outputs", found=type(outputs).__name__, remedy=_REMEDY)
    return outputs


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        return json.loads(body)  # knows NaN and Infinity, which TF Serving writes though JSON has no such thing


def _values(tensor: Any) -> list[Any] | None:
    """Plain values of a small tensor; None for a type that no description has."""
    kinds = {2: ("double_val", "<f8"), 3: ("int_val", "<i4"), 7: ("string_val", None), 10: ("bool_val", "?")}
    if tensor.dtype not in kinds:
        return None
    field, form = kinds[tensor.dtype]
    if form and tensor.tensor_content:
        try:
            return np.frombuffer(tensor.tensor_content, form).tolist()
        except ValueError:
            return None
    return list(getattr(tensor, field))


def _missing(where: object, name: str, outputs: Any) -> BadInput:
    return BadInput(
        where,
        expected=f"an output '{name}'",
        found=", ".join(sorted(map(str, outputs)))[:120] or "none",
        remedy="export the model with gwkeras export",
    )
