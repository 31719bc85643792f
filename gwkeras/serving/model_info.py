"""What an exported model says about itself: the signature `model_info`, the same behind a server and in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.config.values import Place, build_value
from gwkeras.core.errors import BadInput, ConfigError
from gwkeras.core.schema import SCHEMA_VERSION, Feature, SampleShape, features
from gwkeras.models.architecture import conserves

SIGNATURE = "model_info"
ASK = "request"
"""The one input of the signature, (batch,) int32, whose values do not matter. TF Serving's REST side refuses a signature without
inputs, and its batching one whose outputs have no batch axis; hence this input, and one row a request in each output."""


@dataclass(frozen=True)
class ModelInfo:
    """The contract of one exported model.

    Args:
        schema_version: of core/schema.py, under which the model takes its inputs.
        name: of the model.
        version: of the gwkeras that exported it.
        config_hash: sixteen digits that change with any value of the configuration that its shards were built with.
        kind: "paper" or "default"; only the latter, without an update, returns means that average to the coarse field.
        months: T.
        factor: s.
        divisor: height and width, in coarse cells, are multiples of it.
        inputs: names of what `serving_default` takes.
        climate: channels in the order in which they are stacked.
        climate_units: of these, in the same order.
        covariates: fine covariates in the order in which they are stacked.
        covariate_units: of these, in the same order.
        grid_step: (latitude, longitude) step of the coarse grid that the model was made for, degrees.
        sigma_scale: what calibration has multiplied the network's σ by; contained in `stddev` already.
        interval: probability of the interval.
        interval_factor: its half width in calibrated standard deviations.
        calibrated: whether these were measured; only then does `serving_default` return `lower` and `upper`.
        network: the configuration's section `model` as JSON.
        weights: digest of the network's weights.
        update: what the graph makes of the network's detail and the product, such as "kriging"; empty: the network is all of it.
        halo: coarse cells beyond a window that this update looks at, beside those that the network does.
        method: digest of the whole method, where there is an update.
    """

    name: str
    version: str
    config_hash: str
    kind: str
    months: int
    factor: int
    divisor: int
    inputs: tuple[str, ...]
    climate: tuple[str, ...]
    climate_units: tuple[str, ...]
    covariates: tuple[str, ...]
    covariate_units: tuple[str, ...]
    grid_step: tuple[float, ...]
    sigma_scale: float
    interval: float
    interval_factor: float
    calibrated: bool
    network: str
    weights: str
    schema_version: int = SCHEMA_VERSION
    update: str = ""
    halo: int = 0
    method: str = ""

    @property
    def conserving(self) -> bool:
        """Whether means average to the coarse field, so that a mosaic of tiles has to."""
        return conserves(self.kind) and not self.update

    @property
    def model_config(self) -> ModelConfig:
        """Widths and depths, from which a receptive field follows.

        Raises: ConfigError: where this version of gwkeras knows no such network.
        """
        try:
            tree = json.loads(self.network)
        except ValueError as error:
            raise ConfigError(
                f"model {self.name}", expected="its network as JSON", found="something else", remedy="export it again"
            ) from error
        return build_value(ModelConfig, tree, Place(f"model {self.name}", Path.cwd()))

    def sample(self, height: int, width: int) -> SampleShape:
        """The shape of a sample of height × width coarse cells."""
        return SampleShape(self.months, height, width, self.factor, self.climate, self.covariates)

    def input_features(self) -> tuple[Feature, ...]:
        """The schema's features that `serving_default` takes."""
        return tuple(f for f in features(self.sample(self.divisor, self.divisor), "input", "place") if f.name in self.inputs)

    def encode(self) -> dict[str, np.ndarray]:
        """Field name -> int32, float64, bool or bytes array, () or (n,)."""
        return {f.name: _encoded(getattr(self, f.name)) for f in fields(self)}

    def to_json(self) -> str:
        """For assets/model_info.json."""
        return json.dumps({f.name: getattr(self, f.name) for f in fields(self)}, indent=1)

    @classmethod
    def decode(cls, values: Mapping[str, Any], where: object) -> ModelInfo:
        """Inverse of `encode` and of `to_json`, checked: what comes from a server or a file is data.

        Raises: BadInput: where a field is missing or of another type, or the schema version is another.
        """
        version = _decoded("schema_version", "int", values.get("schema_version"), where)
        if version != SCHEMA_VERSION:
            raise BadInput(
                where,
                expected=f"a model of schema version {SCHEMA_VERSION}",
                found=f"version {version}",
                remedy="export the model again with this version of gwkeras",
            )
        values = {"update": "", "halo": 0, "method": "", **values}  # which exports did not tell before there were any
        info = cls(**{f.name: _decoded(f.name, str(f.type), values.get(f.name), where) for f in fields(cls)})
        counts = (
            len(info.climate) == len(info.climate_units),
            len(info.covariates) == len(info.covariate_units),
            len(info.grid_step) == 2,
            info.months > 0,
            0 < info.factor <= 64,
            0 < info.divisor <= 4096,
            0 < info.interval < 1,
            0 <= info.halo <= 4096,
            len(info.input_features()) == len(info.inputs),
            {"climate", "gwsa", "land"} <= set(info.inputs),
        )
        if not all(counts):
            raise BadInput(
                where,
                expected="a model exported by gwkeras",
                found=f"a signature {SIGNATURE} that contradicts itself",
                remedy="export the model again",
            )
        return info

    def require(self, sample: SampleShape, grid_step: tuple[float, float] | None = None) -> None:
        """Checks that samples of this kind are what the model was trained on.

        Args:
            sample: as `Domain.sample_shape` gives it.
            grid_step: of the coarse grid, degrees; None: not compared.
        Raises: BadInput: where channels, their order, months or factor differ, or the grid's step does by more than 1 %.
        """
        for what, expected, found in (
            ("climate channels", self.climate, sample.climate),
            ("fine covariates", self.covariates, sample.covariates),
            ("months of climate", self.months, sample.months),
            ("factor", self.factor, sample.factor),
        ):
            if expected != found:
                same = isinstance(expected, tuple) and isinstance(found, tuple) and sorted(expected) == sorted(found)
                raise BadInput(
                    f"model {self.name}: {what}",
                    expected=_said(expected),
                    found=_said(found) + (", another order" if same else ""),
                    remedy="use the configuration that the model was trained with",
                )
        if grid_step and any(abs(a - b) > 0.01 * b for a, b in zip(grid_step, self.grid_step, strict=True)):
            raise BadInput(
                f"model {self.name}: grid",
                expected=f"steps of {self.grid_step[0]:g}° × {self.grid_step[1]:g}°",
                found=f"{grid_step[0]:g}° × {grid_step[1]:g}°",
                remedy="give storage on the grid that the model was made for",
            )


_DTYPES = {"str": object, "int": np.int32, "float": np.float64, "bool": np.bool_}


def _encoded(value: Any) -> np.ndarray:
    if isinstance(value, tuple):
        if value and isinstance(value[0], float):
            return np.asarray(value, np.float64)
        return np.asarray([v.encode() for v in value], object)
    return np.asarray(value.encode(), object) if isinstance(value, str) else np.asarray(value, _DTYPES[type(value).__name__])


def _decoded(name: str, kind: str, value: Any, where: object) -> Any:
    """`kind` is the annotation as written, such as "tuple[str, ...]"."""
    element = kind.removeprefix("tuple[").split(",")[0]
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    items = list(plain) if isinstance(plain, list | tuple) else [plain]
    if isinstance(plain, list | tuple) == kind.startswith("tuple"):
        try:
            found = tuple(_plain(item, element) for item in items)
            return found if kind.startswith("tuple") else found[0]
        except (TypeError, ValueError, OverflowError):
            pass
    raise BadInput(
        where,
        expected="a model exported by gwkeras" if value is None else f"'{name}' as {kind}",
        found=f"no {name}" if value is None else f"{str(value)[:60]!r}",
        remedy="name another model, or export this one again",
    )


def _plain(value: Any, element: str) -> Any:
    if element == "str":
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, str):
            return value
    elif element == "bool":
        if isinstance(value, bool):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = int(value) if element == "int" else float(value)
        if number == value and abs(number) < 2**31:
            return number
    raise TypeError(element)


def _said(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)
