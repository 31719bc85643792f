"""A configuration key: its meaning, its unit, and which values it accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from gwkeras.core.config.kinds import Kinds


@dataclass(frozen=True)
class Key:
    """What a configuration key means and which values it accepts.

    Args:
        meaning: one line for the reader of default.yaml.
        unit: unit of a number.
        at_least: smallest value of a number, or of every number of a list.
        at_most: largest value.
        above: the value that it must exceed.
        below: the value that it must stay under.
        form: what a text stands for, where it is checked or rewritten as such.
        kinds: of a part of a method: which there are.
    """

    meaning: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    form: Literal["text", "path", "month", "span"] = "text"
    kinds: Kinds | None = None


def key(default: Any, meaning: str, **limits: Any) -> Any:
    """A field of a section, with its documentation and limits.

    Args:
        default: its value where the configuration names none; a function: what makes it.
        meaning: one line for the reader of default.yaml.
        **limits: the other fields of `Key`.
    """
    metadata = {"key": Key(meaning, **limits)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)
