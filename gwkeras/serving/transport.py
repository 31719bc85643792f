"""Where a model answers: over gRPC, over REST, or from a folder by plain TensorFlow."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.retry import Transient
from gwkeras.serving import wire
from gwkeras.serving.model_info import ASK, SIGNATURE

_ASKED = {ASK: np.zeros(1, np.int32)}
_NO_MODEL = "check the model's name, or export it with gwkeras export"


class Transport(Protocol):
    """One way to reach a model. `seconds` limit a call; `Transient` is raised where asking again may help."""

    def info(self, seconds: float) -> dict[str, Any]: ...

    def predict(self, inputs: dict[str, np.ndarray], shapes: wire.Shapes, seconds: float) -> dict[str, np.ndarray]: ...


@dataclass
class Grpc:
    """TF Serving's PredictionService at host:port. Proxies of the environment are not asked: the server is a neighbour."""

    address: str
    model: str
    version: int | None = None
    label: str | None = None
    _stub: Any = field(default=None, repr=False, compare=False)

    def info(self, seconds: float) -> dict[str, Any]:
        return wire.decode_info(self._call(SIGNATURE, _ASKED, (), seconds), self.address)

    def predict(self, inputs: dict[str, np.ndarray], shapes: wire.Shapes, seconds: float) -> dict[str, np.ndarray]:
        return wire.decode_answer(self._call("serving_default", inputs, tuple(shapes), seconds), shapes, self.address)

    def _call(self, signature: str, inputs: dict[str, np.ndarray], outputs: tuple[str, ...], seconds: float) -> Any:
        import grpc

        if self._stub is None:
            self._stub = _stub(self.address)
        request = wire.encode_request(self.model, self.version, self.label, signature, inputs, outputs)
        try:
            return self._stub.Predict(request, timeout=seconds)
        except grpc.RpcError as error:
            raise self._explained(error, grpc.StatusCode) from error

    def _explained(self, error: Any, codes: Any) -> Exception:
        code, said = error.code(), " ".join((error.details() or "").split())[:200]
        if code == codes.DEADLINE_EXCEEDED:
            return Transient("silence", slow=True)
        # Killed servers leave INTERNAL, UNKNOWN or CANCELLED with these words; a batch of unequal tiles must be asked for again.
        passing = any(words in said for words in ("RST_STREAM", "Stream removed", "Socket closed", "GOAWAY", "different shapes"))
        if passing or code in (codes.UNAVAILABLE, codes.RESOURCE_EXHAUSTED, codes.ABORTED, codes.CANCELLED):
            return Transient(f"'{said or code.name}'")
        if code in (codes.NOT_FOUND, codes.FAILED_PRECONDITION, codes.UNIMPLEMENTED):
            return BadInput(
                self.address, expected=f"a server of the gwkeras model '{self.model}'", found=f"'{said}'", remedy=_NO_MODEL
            )
        return BadInput(self.address, expected="an answer", found=f"{code.name}: '{said}'", remedy="see the server's log")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_stub": None}  # a connection stays in its process


def _stub(address: str) -> Any:
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    channel = grpc.insecure_channel(
        address,
        options=[
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.enable_http_proxy", 0),
            # gRPC itself would wait for up to two minutes before it tries a restarted server again
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
        ],
    )
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@dataclass
class Rest:
    """TF Serving's REST interface. `path` is /v1/models/NAME, with /versions/N or /labels/L after it."""

    scheme: str
    address: str
    path: str

    def info(self, seconds: float) -> dict[str, Any]:
        return wire.decode_json_info(self._call(SIGNATURE, _ASKED, None, seconds), self.address)

    def predict(self, inputs: dict[str, np.ndarray], shapes: wire.Shapes, seconds: float) -> dict[str, np.ndarray]:
        return wire.decode_json(self._call("serving_default", inputs, shapes, seconds), shapes, self.address)

    def _call(self, signature: str, inputs: dict[str, np.ndarray], shapes: wire.Shapes | None, seconds: float) -> bytes:
        kind = http.client.HTTPSConnection if self.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.address, timeout=seconds)
        limit = wire.largest_json(shapes)
        try:
            connection.request(
                "POST", f"{self.path}:predict", wire.encode_json(signature, inputs), {"Content-Type": "application/json"}
            )
            with connection.getresponse() as answer:
                body, missing = answer.read(limit + 1), answer.length
            if len(body) > limit:
                raise BadInput(
                    self.address, expected=f"an answer of at most {limit} bytes", found="more", remedy="check what listens there"
                )
            if missing:
                raise Transient("'the connection was cut'")
        except TimeoutError as error:
            raise Transient("silence", slow=True) from error
        except socket.gaierror as error:
            raise BadInput(
                self.address, expected="the address of a server", found=f"'{error.strerror}'", remedy="check the address"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Transient(f"'{error or type(error).__name__}'") from error
        finally:
            connection.close()
        return self._accepted(answer.status, body)

    def _accepted(self, status: int, body: bytes) -> bytes:
        if status == 200:
            return body
        said = _reason(body)
        if status in (408, 425, 429, 502, 503, 504) or "different shapes" in said:
            raise Transient(f"status {status}, '{said}'")
        if status == 404 or "not found" in said.lower():
            raise BadInput(
                self.address,
                expected=f"a server of the gwkeras model at {self.path}",
                found=f"status {status}, '{said}'",
                remedy=_NO_MODEL,
            )
        raise BadInput(self.address, expected="an answer", found=f"status {status}, '{said}'", remedy="see the server's log")


def _reason(body: bytes) -> str:
    try:
        said = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = body[:200].decode(errors="replace")
    return " ".join(str(said).split())[:200]


@dataclass
class Folder:
    """A SavedModel, answered by plain TensorFlow in this process."""

    path: Path
    _loaded: Any = field(default=None, repr=False, compare=False)

    def info(self, seconds: float) -> dict[str, Any]:
        return {name: value[0] for name, value in self._call(SIGNATURE, _ASKED).items() if value.shape[:1] == (1,)}

    def predict(self, inputs: dict[str, np.ndarray], shapes: wire.Shapes, seconds: float) -> dict[str, np.ndarray]:
        outputs = self._call("serving_default", inputs)
        found = {name: outputs[name].shape if name in outputs else None for name in shapes}
        if found != dict(shapes):
            raise self._unusable(f"one whose outputs have the shapes {found}")
        return {name: outputs[name] for name in shapes}

    def _call(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        import tensorflow as tf

        function = self._signature(signature)
        try:
            return {key: value.numpy() for key, value in function(**{k: tf.constant(v) for k, v in inputs.items()}).items()}
        except (tf.errors.OpError, TypeError, ValueError) as error:
            raise self._unusable(f"one that does not run ({_first_line(error)})") from error

    def _signature(self, name: str) -> Any:
        import tensorflow as tf

        if self._loaded is None:
            try:
                self._loaded = tf.saved_model.load(str(self.path))
            # what TensorFlow raises where the file is damaged depends on where it is damaged
            except (
                OSError,
                ValueError,
                LookupError,
                TypeError,
                AttributeError,
                RuntimeError,
                AssertionError,
                tf.errors.OpError,
            ) as error:
                raise self._unusable(f"one that does not load ({_first_line(error)})") from error
        if name not in self._loaded.signatures:
            raise BadInput(
                self.path,
                expected=f"a SavedModel exported by gwkeras, with the signature {name}",
                found=", ".join(self._loaded.signatures) or "none",
                remedy="export the model with gwkeras export",
            )
        return self._loaded.signatures[name]

    def _unusable(self, found: str) -> BadInput:
        return BadInput(self.path, expected="a SavedModel", found=found, remedy="export the model again")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loaded": None}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
