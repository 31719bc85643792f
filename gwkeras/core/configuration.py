"""YAML to the configuration tree and back: every key known, typed, within its limits; every complaint names file and key."""

from __future__ import annotations

import hashlib
import json
import os
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

import gwkeras
from gwkeras.core.config import Config, Key
from gwkeras.core.errors import BadInput, ConfigError

_LARGEST_FILE = 1_000_000  # bytes; a configuration is a few kilobytes
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_FORMS = {"month": (re.compile(_MONTH), "a month such as 2002-04"),
          "span": (re.compile(rf"{_MONTH}(:{_MONTH})?"), "a month or a span of months such as 2010-01:2012-12")}
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))")


def load_config(path: str | os.PathLike[str] | None = None, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a YAML file, with single keys replaced; what neither names has its default.

    Args:
        path: YAML file; None for the defaults alone.
        overrides: "key.path=value" texts, value in YAML; relative paths in them are seen from the working folder.
    Raises: ConfigError: for an unknown key, a wrong type, or a value outside its accepted range. BadInput: where the file is
        missing or is no YAML mapping.
    """
    tree: dict[str, Any] = {}
    place = _Place("configuration", Path.cwd())
    if path is not None:
        place = _Place(str(path), Path(path).absolute().parent)
        tree = _read_yaml(Path(path))
    given = to_dict(_build(Config, tree, place))
    command_line = _Place("--set", Path.cwd())
    for override in overrides:
        _apply(given, override, command_line)
    config: Config = _build(Config, given, command_line)
    _check_together(config, place.file)
    return config


def to_dict(config: Any) -> Any:
    """The tree in plain YAML types: mappings, lists, texts, numbers."""
    if is_dataclass(config):
        return {f.name: to_dict(getattr(config, f.name)) for f in fields(config)}
    if isinstance(config, tuple):
        return [to_dict(item) for item in config]
    return dict(config) if isinstance(config, Mapping) else config


def from_dict(tree: Mapping[str, Any], where: object = "configuration") -> Config:
    """Inverse of `to_dict`, as read back from a manifest or a run folder.

    Raises: ConfigError: as `load_config`.
    """
    config: Config = _build(Config, tree, _Place(str(where), Path.cwd()))
    _check_together(config, str(where))
    return config


def config_hash(config: Any) -> str:
    """Sixteen hexadecimal digits that change with any value of `config` (or of a part of it)."""
    canonical = json.dumps(to_dict(config), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def write_config(config: Config, path: str | os.PathLike[str]) -> None:
    """Write the resolved configuration as YAML; an existing file is replaced in one step or not at all."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            yaml.safe_dump(to_dict(config), file, sort_keys=False, allow_unicode=True, width=120)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def shipped_config(name: str) -> Path:
    """Path of a configuration that comes with gwkeras, such as "demo"; in the wheel or in the source tree.

    Raises: BadInput: where there is none of that name.
    """
    package = Path(gwkeras.__file__).parent
    folders = [package / "configs", package.parent / "configs"]
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
    raise BadInput(f"configuration '{name}'", expected=f"one of {', '.join(known)}", found="no file of that name",
                   remedy="name one of these, or give a path")


@dataclass(frozen=True)
class _Place:
    """Where a value comes from: the file for messages, the folder against which its relative paths resolve."""

    file: str
    folder: Path
    key: str = ""

    def at(self, name: str) -> _Place:
        return _Place(self.file, self.folder, f"{self.key}.{name}" if self.key else name)

    def error(self, expected: str, found: str, remedy: str) -> ConfigError:
        return ConfigError(f"{self.file}: {self.key}" if self.key else self.file, expected=expected, found=found, remedy=remedy)


class _Loader(yaml.SafeLoader):
    """Safe loader that refuses a key given twice and reads 1e-3 as a number, which YAML 1.1 does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key_node.value}' given twice", key_node.start_mark)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BadInput(path, expected="a YAML configuration", found="a folder" if path.is_dir() else "no such file",
                       remedy="check the path given to --config")
    if path.stat().st_size > _LARGEST_FILE:
        raise BadInput(path, expected="a configuration of less than 1 MB", found=f"{path.stat().st_size} bytes",
                       remedy="check the path given to --config")
    try:
        tree = _parse(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(path, expected="UTF-8 text", found=f"byte {error.start} that is not", remedy="save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise BadInput(path, expected="a YAML mapping", found=_one_line(error), remedy="correct the file there") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise BadInput(path, expected="a YAML mapping of keys", found=_found(tree), remedy="see configs/default.yaml for its form")
    return tree


def _parse(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "text that is no YAML"
    return f"{problem} in line {mark.line + 1}" if mark else str(problem)


def _apply(tree: dict[str, Any], override: str, place: _Place) -> None:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ConfigError(f"--set {override}", expected="key.path=value", found=f"'{override}'",
                          remedy="write for instance --set training.epochs=5")
    try:
        value = _parse(text)
    except yaml.YAMLError as error:
        raise place.at(key).error("a YAML value", _one_line(error), "quote the value") from error
    *parents, leaf = key.split(".")
    branch: Any = tree
    for depth, name in enumerate(parents):
        branch = _descend(branch, name, _Place(place.file, place.folder, ".".join(parents[:depth])))
    if isinstance(branch, list):
        branch[_index(branch, leaf, _Place(place.file, place.folder, ".".join(parents)))] = value
    elif isinstance(branch, dict):
        branch[leaf] = value
    else:
        raise place.at(key).error("a key inside a section", f"'{'.'.join(parents)}' is a single value", "drop the last part")


def _descend(branch: Any, name: str, place: _Place) -> Any:
    if isinstance(branch, list):
        return branch[_index(branch, name, place)]
    if isinstance(branch, dict):
        if branch.get(name) is None:
            branch[name] = {}  # a section that was null; an unknown one is refused when the tree is built
        return branch[name]
    raise place.error("a section", "a single value", f"drop '.{name}'")


def _index(branch: list[Any], name: str, place: _Place) -> int:
    if name.isdecimal() and int(name) < len(branch):
        return int(name)
    raise place.error(f"a position from 0 to {len(branch) - 1}" if branch else "a list that is not empty", f"'{name}'",
                      f"set the whole list, as in --set '{place.key}=[...]'")


def _build(kind: Any, value: Any, place: _Place, key: Key | None = None) -> Any:
    """`value` of YAML as a `kind` of the tree."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _build_section(kind, value, place)
    if origin in (Union, types.UnionType):
        return None if value is None else _build(next(a for a in arguments if a is not type(None)), value, place, key)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise place.error(f"one of {', '.join(map(str, arguments))}", _found(value), _nearest_choice(value, arguments))
        return value
    if origin is tuple:
        return _build_list(arguments[0], value, place, key)
    if origin is dict:
        if not isinstance(value or {}, dict):
            raise place.error("a mapping name: text", _found(value), "write it as {name: text}")
        return {_build(str, name, place): _build(str, item, place.at(str(name))) for name, item in (value or {}).items()}
    return _build_scalar(kind, value, place, key or Key(""))


def _build_section(kind: Any, value: Any, place: _Place) -> Any:
    if value is None:  # a heading whose keys are all commented out
        return kind()
    if not isinstance(value, dict):
        raise place.error(f"a section with keys {', '.join(f.name for f in fields(kind))}", _found(value), "see configs/default.yaml")
    hints, known = get_type_hints(kind), {f.name: f.metadata["key"] for f in fields(kind)}
    for name in value:
        if name not in known:
            raise _unknown_key(str(name), list(known), place)
    return kind(**{name: _build(hints[name], item, place.at(name), known[name]) for name, item in value.items()})


def _build_list(kind: Any, value: Any, place: _Place, key: Key | None) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, (str, dict)):  # one item needs no brackets
        value = [value]
    if not isinstance(value, list):
        raise place.error("a list", _found(value), "write it as [a, b]")
    return tuple(_build(kind, item, place.at(str(position)), key) for position, item in enumerate(value))


def _build_scalar(kind: Any, value: Any, place: _Place, key: Key) -> Any:
    names = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise place.error(names[kind], _found(value), "correct the value" if value is not None else "give a value or leave the key out")
    if kind in (int, float) and not _within(value, key):
        raise place.error(f"{names[kind]} {accepted_range(key)}".rstrip(), str(value), "correct the value")
    if kind is str:
        if key.form == "path":
            return _resolve_path(value, place)
        if key.form in _FORMS and not _FORMS[key.form][0].fullmatch(value):
            raise place.error(_FORMS[key.form][1], f"'{value}'", "correct the value")
    return value


def _within(value: float, key: Key) -> bool:
    return ((key.at_least is None or value >= key.at_least) and (key.at_most is None or value <= key.at_most)
            and (key.above is None or value > key.above) and (key.below is None or value < key.below)
            and abs(value) != float("inf") and value == value)


def accepted_range(key: Key) -> str:
    """The limits of a key in words, such as "above 0, at most 1"; empty where there are none."""
    limits = (("at least", key.at_least), ("above", key.above), ("at most", key.at_most), ("below", key.below))
    return ", ".join(f"{word} {limit}" for word, limit in limits if limit is not None)


def _resolve_path(text: str, place: _Place) -> str:
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


def _unknown_key(name: str, known: list[str], place: _Place) -> ConfigError:
    full = place.at(name).key
    everywhere = known_keys()
    same_leaf = [key for key in everywhere if key.rpartition(".")[2] == name]
    near_here = [place.at(key).key for key in get_close_matches(name, known, n=1, cutoff=0.6)]
    near_leaf = get_close_matches(name, [key.rpartition(".")[2] for key in everywhere], n=1, cutoff=0.8)
    nearest = next(iter(near_here or same_leaf or [key for key in everywhere if key.rpartition(".")[2] in near_leaf]
                        or get_close_matches(full, everywhere, n=1, cutoff=0.5)), None)
    remedy = f"did you mean '{nearest}'" if nearest else "see docs/configuration.md for all keys"
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


def _found(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'" if isinstance(value, str) else f"{value} ({type(value).__name__})"


def _check_together(config: Config, file: str) -> None:
    place, region, data = _Place(file, Path.cwd()), config.data.region, config.data
    if region is not None and region.south >= region.north:
        raise place.at("data.region").error("south below north", f"{region.south:g} and {region.north:g}", "exchange them")
    if region is not None and region.west >= region.east:
        raise place.at("data.region").error("west below east", f"{region.west:g} and {region.east:g}",
                                            "exchange them; a region across the date line must be run in two halves")
    if data.first_month and data.last_month and data.first_month > data.last_month:
        raise place.at("data.first_month").error(f"a month not after data.last_month ({data.last_month})", data.first_month,
                                                 "exchange them")
    for name in ("test_months", "validation_months"):
        for span in getattr(config.split, name):
            first, _, last = span.partition(":")
            if last and first > last:
                raise place.at(f"split.{name}").error("spans that end after they start", f"'{span}'", "exchange the two months")
    if config.split.test_share + config.split.validation_share >= 1:
        raise place.at("split.test_share").error("test_share and validation_share that together leave months to train on",
                                                 f"{config.split.test_share:g} + {config.split.validation_share:g}", "lower one")
    if config.target.kind == "reference" and config.data.reference is None:
        raise place.at("data.reference").error("a fine field, because target.kind is 'reference'", "none",
                                               "name its file, or choose target.kind: coarsen")
    if config.training.scale_transfer and config.target.kind == "coarsen" and config.sample.factor < 2:
        raise place.at("sample.factor").error("at least 2 where target.kind is 'coarsen'", str(config.sample.factor), "raise it")
