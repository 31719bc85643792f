"""An exported model as a function of arrays, wherever it runs: what `Mosaic` takes as its network."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.retry import Answer, GaveUp, Patience, persistently
from gwkeras.serving.model_info import ModelInfo
from gwkeras.serving.transport import Folder, Grpc, Rest, Transport

_MODEL_PATH = re.compile(r"/v1/models/[^/:]+(/versions/\d+|/labels/\w+)?")
_NAME = re.compile(r"(?P<name>[^/@:\s]+)(@(?P<which>\w+))?")


@dataclass(frozen=True)
class ServedModel:
    """Calls an exported model with a batch of samples.

    It can be sent to other processes, which then connect for themselves.

    Args:
        model_info: the model's description.
        transport: where it answers.
        where: for messages.
    """

    model_info: ModelInfo
    transport: Transport
    where: str
    patience: Patience = Patience()

    sigma_scale = 1.0
    """What σ still has to be multiplied by: nothing, the model is exported with its calibration."""

    @property
    def divisor(self) -> int:
        """Coarse heights and widths are multiples of this."""
        return self.model_info.divisor

    @property
    def interval_factor(self) -> float:
        """Half width of the interval, in standard deviations as returned."""
        return self.model_info.interval_factor

    @property
    def interval(self) -> float:
        """Probability of that interval."""
        return self.model_info.interval

    @property
    def conserving(self) -> bool:
        """Whether means average to the coarse field, so that a mosaic of tiles has to."""
        return self.model_info.conserving

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A batch of samples to fields.

        Args:
            inputs: by the names and shapes of core/schema.py with a batch axis in front, float32; those that the model does not
                take are left out.
        Returns: {"mean": (batch, sH, sW, 1) mm, "variance": the same shape, mm², calibrated}.
        Raises: BadInput: where inputs are missing, of another shape or type or not finite; where the server is down, slow or
            serves another model; where its answer is none.
        """
        checked = self.check(inputs)
        batch, height, width = checked["gwsa"].shape[:3]
        shape = (batch, height * self.model_info.factor, width * self.model_info.factor, 1)
        outputs = _ask(
            lambda seconds: self.transport.predict(checked, {"mean": shape, "stddev": shape}, seconds), self.patience, self.where
        )
        self._require_same_model()
        if not all(np.isfinite(value).all() for value in outputs.values()):
            raise BadInput(
                self.where, expected="finite numbers", found="NaN or infinity in the answer", remedy="export the model again"
            )
        return {"mean": outputs["mean"], "variance": np.square(outputs["stddev"])}

    def check(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The inputs that the model takes, found to be right. Raises: BadInput: as `__call__`."""
        info = self.model_info
        given = np.shape(inputs.get("gwsa", ()))
        if len(given) != 4 or not given[0] or any(n == 0 or n % info.divisor for n in given[1:3]):
            raise BadInput(
                "input gwsa",
                expected=f"shape (batch, height, width, 1) with height and width divisible by {info.divisor}",
                found=str(given) if "gwsa" in inputs else "none",
                remedy="cut tiles of such a size",
            )
        sample = info.sample(given[1], given[2])
        checked = {}
        for feature in info.input_features():
            if feature.name not in inputs:
                raise BadInput(
                    f"input {feature.name}",
                    expected=f"{feature.meaning} ({feature.unit})",
                    found="none",
                    remedy="give this input, too",
                )
            value, shape = np.asarray(inputs[feature.name]), (given[0], *feature.shape(sample))
            if value.shape != shape:
                raise BadInput(
                    f"input {feature.name}",
                    expected=f"shape {shape}: (batch, {', '.join(feature.axes) or 'scalar'})",
                    found=str(value.shape),
                    remedy=self._channels(feature.name) or "give all inputs for the same cells",
                )
            if value.dtype != np.float32:
                raise BadInput(f"input {feature.name}", expected="float32", found=str(value.dtype), remedy="convert it")
            if not np.isfinite(value).all():
                raise BadInput(
                    f"input {feature.name}",
                    expected="finite numbers",
                    found=f"NaN or infinity in {int((~np.isfinite(value)).sum())} places",
                    remedy="give 0 where there are no data, and say where by `land`",
                )
            checked[feature.name] = value
        return checked

    def _require_same_model(self) -> None:
        """Asked after each answer: whoever was there before and is there after has given it."""
        now = ModelInfo.decode(_ask(self.transport.info, self.patience, self.where), self.where)
        if now != self.model_info:
            other = f"{now.name} of gwkeras {now.version}, weights {now.weights}"
            raise BadInput(
                self.where,
                expected=f"the model of the beginning ({self.model_info.name}, weights {self.model_info.weights})",
                found=other,
                remedy="name one version (--model-name NAME@3), and give the same command again",
            )

    def _channels(self, name: str) -> str:
        channels = {"climate": self.model_info.climate, "covariates_fine": self.model_info.covariates}.get(name)
        return f"stack {', '.join(channels)} in this order" if channels else ""


def connect(address: str, model_name: str = "", patience: Patience | None = None) -> ServedModel:
    """The model behind a TF Serving server.

    Args:
        address: "host:8500" for gRPC; "http://host:8501" or "http://host:8501/v1/models/NAME" for REST, https likewise.
        model_name: NAME, or NAME@3 for a version, or NAME@stable for a label; not needed where the address has it.
    Raises: BadInput: where the address is none, nothing answers there, or what answers is not a model exported by gwkeras.
    """
    patience = patience or Patience()
    transport = _transport(address, model_name)
    info = ModelInfo.decode(_ask(transport.info, patience, address, patience.connect), address)
    return ServedModel(info, transport, address, patience)


def load_saved_model(folder: str | Path) -> ServedModel:
    """The model in a folder: a version's (saved_models/NAME/3), or that of all versions, of which the newest is taken.

    Raises: BadInput: where it is none that gwkeras has exported.
    """
    path = Path(folder)
    if not (path / "saved_model.pb").is_file():
        versions = [p for p in path.iterdir() if p.name.isdigit() and (p / "saved_model.pb").is_file()] if path.is_dir() else []
        if not versions:
            raise BadInput(
                path,
                expected="a SavedModel",
                found="none" if path.exists() else "no such folder",
                remedy="write one with gwkeras export",
            )
        path = max(versions, key=lambda p: int(p.name))
    transport = Folder(path)
    return ServedModel(ModelInfo.decode(transport.info(0.0), path), transport, str(path))


def _ask(call: Callable[[float], Answer], patience: Patience, where: object, total: float | None = None) -> Answer:
    """An answer, asked for again as long as patience lasts. Raises: BadInput: with the last reason."""
    try:
        return persistently(call, patience, total=total)
    except GaveUp as error:
        slow = error.last.slow
        raise BadInput(
            where,
            expected="a TF Serving server that answers" + (f" within {patience.call:g} s" if slow else ""),
            found=f"{error} after {error.attempts} attempt{'s'[: error.attempts > 1]} in {error.seconds:.0f} s",
            remedy="use smaller tiles, or wait longer with --timeout and --patience"
            if slow
            else "start the server or check the address",
        ) from error


def _transport(address: str, model_name: str) -> Transport:
    named = _NAME.fullmatch(model_name)
    if model_name and not named:
        raise BadInput(
            f"model '{model_name}'",
            expected="NAME, NAME@version or NAME@label",
            found="something else",
            remedy="correct the name",
        )
    if "://" in address:
        return _rest(address, named)
    if not re.fullmatch(r"[^\s/@]+:\d{1,5}", address):
        raise BadInput(
            f"server '{address}'",
            expected="host:port for gRPC or http://host:port for REST",
            found="something else",
            remedy="write for instance localhost:8500",
        )
    if not named:
        raise BadInput(f"server '{address}'", expected="the name of a model", found="none", remedy="name it")
    which = named["which"]
    return Grpc(
        address,
        named["name"],
        int(which) if which and which.isdecimal() else None,
        which if which and not which.isdecimal() else None,
    )


def _rest(address: str, named: re.Match[str] | None) -> Rest:
    parts = urlsplit(address)
    path = parts.path.removesuffix("/").removesuffix(":predict")
    if not path and named:
        which = named["which"]
        path = f"/v1/models/{named['name']}" + (f"/{'versions' if which.isdecimal() else 'labels'}/{which}" if which else "")
    if parts.scheme not in ("http", "https") or not parts.netloc or not _MODEL_PATH.fullmatch(path):
        raise BadInput(
            f"server '{address}'",
            expected="http://host:8501/v1/models/NAME, or http://host:8501 and the name of a model",
            found="something else",
            remedy="correct the address",
        )
    return Rest(parts.scheme, parts.netloc, path)
