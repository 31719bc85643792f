"""What the weights of a training depend on beside its samples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gwkeras.core.config.tree import Config

LEFT_OUT = "months left out"
"""Key of the span of training months that one network of an ensemble is not taught on."""

_DETAIL = "model.detail"
_BEFORE = {_DETAIL: "f less its block mean", LEFT_OUT: "none"}  # in a training that does not tell

_MAY_CHANGE = ("training.epochs",)  # of a training that goes on
_LONGEST = 40  # of a value that is shown to people; digests are not


def settings_of(config: Config) -> dict[str, str]:
    """Key of the configuration -> value as JSON, for all keys that a training must keep to when it goes on."""
    sections: dict[str, Any] = {"model": config.model, "loss": config.loss, "training": config.training}
    values = {f"{section}.{key}": value for section, keys in sections.items() for key, value in asdict(keys).items()}
    settings = {key: json.dumps(value) for key, value in values.items() if key not in _MAY_CHANGE}
    return settings if config.model.kind != "default" else {**settings, _DETAIL: "f - I H f"}


def difference(wanted: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, str] | None:
    """The first setting that is another one: what is wanted and what was found, for people.

    A key that `found` lacks, because it is of an earlier version, counts as the default.
    """
    known = {**settings_of(Config()), **_BEFORE, **found}
    for key, value in wanted.items():
        other = known.get(key)
        if other != value:
            shown = other is not None and max(len(other), len(value)) <= _LONGEST
            return (f"{key} {value}", str(other)) if shown else (key, "another")
    return None
