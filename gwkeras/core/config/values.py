"""Plain values of YAML to the typed configuration tree: types, limits, unknown keys, paths."""

from __future__ import annotations

import os
import re
import types
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from gwkeras.core.config.key import Key
from gwkeras.core.config.kinds import Kinds
from gwkeras.core.config.tree import Config
from gwkeras.core.errors import ConfigError

_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_FORMS = {
    "month": (re.compile(_MONTH), "a month such as 2002-04"),
    "span": (re.compile(rf"{_MONTH}(:{_MONTH})?"), "a month or a span of months such as 2010-01:2012-12"),
}
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))")


@dataclass(frozen=True)
class Place:
    """Where a value comes from: the file for messages, the folder against which its relative paths resolve.

    Args:
        file: its name.
        folder: against which paths resolve.
        key: dotted name of the value.
        root: the whole tree, whose keys an unknown one is compared with.
    """

    file: str
    folder: Path
    key: str = ""
    root: Any = Config

    def at(self, name: str) -> Place:
        return replace(self, key=f"{self.key}.{name}" if self.key else name)

    @property
    def label(self) -> str:
        """File and key, for messages."""
        return f"{self.file}: {self.key}" if self.key else self.file

    def error(self, expected: str, found: str, remedy: str) -> ConfigError:
        return ConfigError(self.label, expected=expected, found=found, remedy=remedy)


def build_value(kind: Any, value: Any, place: Place, key: Key | None = None) -> Any:
    """`value` of YAML as a `kind` of the tree: a section, a list, a mapping of texts, or a single value.

    Raises: ConfigError: for an unknown key, a wrong type, or a value outside the limits of `key`.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if key is not None and key.kinds is not None:
        return _build_parts(key.kinds, value, place) if origin is tuple else _build_part(key.kinds, value, place)
    if is_dataclass(kind):
        return _build_section(kind, value, place)
    if origin in (Union, types.UnionType):
        return None if value is None else build_value(next(a for a in arguments if a is not type(None)), value, place, key)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise place.error(f"one of {', '.join(map(str, arguments))}", found(value), _nearest_choice(value, arguments))
        return value
    if origin is tuple:
        return _build_list(arguments[0], value, place, key)
    if origin is dict:
        if not isinstance(value or {}, dict):
            raise place.error("a mapping name: text", found(value), "write it as {name: text}")
        return {
            _build_scalar(str, name, place): _build_scalar(str, item, place.at(str(name))) for name, item in (value or {}).items()
        }
    return _build_scalar(kind, value, place, key or Key(""))


def _build_part(kinds: Kinds, value: Any, place: Place) -> Any:
    """A part of a method: the name of a kind, or a section with its name and its keys."""
    tree = {"kind": value} if isinstance(value, str) else value
    if not isinstance(tree, dict) or not isinstance(tree.get("kind"), str):
        raise place.error(f"a kind of {kinds.part} ({', '.join(kinds.places)})", found(value), "write it as {kind: NAME}")
    chosen = kinds.of(tree["kind"], place.at("kind").label)
    return _build_section(chosen, {name: item for name, item in tree.items() if name != "kind"}, place)


def _build_parts(kinds: Kinds, value: Any, place: Place) -> tuple[Any, ...]:
    """A list of parts; one alone needs no brackets."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(_build_part(kinds, item, place.at(str(position))) for position, item in enumerate(items))


def _build_section(kind: Any, value: Any, place: Place) -> Any:
    if value is None:  # a heading whose keys are all commented out
        return kind()
    if not isinstance(value, dict):
        raise place.error(
            f"a section with keys {', '.join(f.name for f in fields(kind))}", found(value), "see configs/default.yaml"
        )
    hints, known = get_type_hints(kind), {f.name: f.metadata.get("key", Key("")) for f in fields(kind)}
    for name in value:
        if name not in known:
            raise _unknown_key(str(name), list(known), place)
    return kind(**{name: build_value(hints[name], item, place.at(name), known[name]) for name, item in value.items()})


def _build_list(kind: Any, value: Any, place: Place, key: Key | None) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, (str, dict)):  # one item needs no brackets
        value = [value]
    if not isinstance(value, list):
        raise place.error("a list", found(value), "write it as [a, b]")
    return tuple(build_value(kind, item, place.at(str(position)), key) for position, item in enumerate(value))


def _build_scalar(kind: Any, value: Any, place: Place, key: Key = Key("")) -> Any:
    names = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise place.error(
            names[kind], found(value), "correct the value" if value is not None else "give a value or leave the key out"
        )
    if kind in (int, float) and not _within(value, key):
        raise place.error(f"{names[kind]} {accepted_range(key)}".rstrip(), str(value), "correct the value")
    if kind is str:
        if key.form == "path":
            return _resolve_path(value, place)
        if key.form in _FORMS and not _FORMS[key.form][0].fullmatch(value):
            raise place.error(_FORMS[key.form][1], f"'{value}'", "correct the value")
    return value


def _within(value: float, key: Key) -> bool:
    return (
        (key.at_least is None or value >= key.at_least)
        and (key.at_most is None or value <= key.at_most)
        and (key.above is None or value > key.above)
        and (key.below is None or value < key.below)
        and abs(value) != float("inf")
        and value == value
    )


def accepted_range(key: Key) -> str:
    """The limits of a key in words, such as "above 0, at most 1"; empty where there are none."""
    limits = (("at least", key.at_least), ("above", key.above), ("at most", key.at_most), ("below", key.below))
    return ", ".join(f"{word} {limit}" for word, limit in limits if limit is not None)


def _resolve_path(text: str, place: Place) -> str:
    def substitute(match: re.Match[str]) -> str:
        name = match["braced"] or match["bare"]
        value = os.environ.get(name) or match["default"]
        if value is None:
            raise place.error(f"the environment variable {name} that '{text}' names", "none", f"export {name}=/path/to/data")
        # What the user exports is meant from where they stand, not from the folder of the configuration.
        return os.path.abspath(value) if match.start() == 0 and os.environ.get(name) else value

    expanded = os.path.expanduser(_VARIABLE.sub(substitute, text))
    if not expanded.strip():
        raise place.error("a path", "an empty text", "give a path or leave the key out")
    return os.path.abspath(os.path.join(place.folder, expanded))


def _unknown_key(name: str, known: list[str], place: Place) -> ConfigError:
    full = place.at(name).key
    everywhere = known_keys(place.root)
    same_leaf = [key for key in everywhere if key.rpartition(".")[2] == name]
    near_here = [place.at(key).key for key in get_close_matches(name, known, n=1, cutoff=0.6)]
    near_leaf = get_close_matches(name, [key.rpartition(".")[2] for key in everywhere], n=1, cutoff=0.8)
    nearest = next(
        iter(
            near_here
            or same_leaf
            or [key for key in everywhere if key.rpartition(".")[2] in near_leaf]
            or get_close_matches(full, everywhere, n=1, cutoff=0.5)
        ),
        None,
    )
    page = "docs/configuration.md" if place.root is Config else "docs/analysis.md"
    remedy = f"did you mean '{nearest}'" if nearest else f"see {page} for all keys"
    section = f"section '{place.key}'" if place.key else "a configuration"
    return place.at(name).error(f"a key of {section} ({', '.join(known)})", f"unknown key '{full}'", remedy)


def known_keys(kind: Any = Config, prefix: str = "") -> list[str]:
    """Dotted names of all keys, sections included, in their order; items of a list of sources have no position."""
    keys: list[str] = []
    for name, hint in get_type_hints(kind).items():
        keys.append(f"{prefix}{name}")
        section = section_of(hint)
        if section is not None:
            keys += known_keys(section, f"{prefix}{name}.")
    return keys


def section_of(hint: Any) -> Any:
    """The dataclass inside a type such as `RegionConfig | None` or `tuple[SourceConfig, ...]`; None where there is none."""
    return next((part for part in (hint, *get_args(hint)) if is_dataclass(part)), None)


def _nearest_choice(value: Any, choices: Sequence[Any]) -> str:
    near = get_close_matches(str(value), [str(choice) for choice in choices], n=1)
    return f"did you mean '{near[0]}'" if near else "choose one of these"


def found(value: Any) -> str:
    """A value in words, for messages."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'" if isinstance(value, str) else f"{value} ({type(value).__name__})"
