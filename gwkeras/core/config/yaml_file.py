"""YAML to the configuration tree and back: every key known, typed, within its limits; every complaint names file and key."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

import gwkeras
from gwkeras.core.config.kinds import kind_of
from gwkeras.core.config.tree import Config
from gwkeras.core.config.values import Place, build_value, found
from gwkeras.core.errors import BadInput, ConfigError
from gwkeras.core.files.whole_file import write_atomically

_LARGEST_FILE = 1_000_000  # bytes; a configuration is a few kilobytes


def load_config(path: str | os.PathLike[str] | None = None, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a YAML file, with single keys replaced; what neither names has its default.

    Args:
        path: YAML file; None for the defaults alone.
        overrides: "key.path=value" texts, value in YAML; relative paths in them are seen from the working folder.
    Raises: ConfigError: for an unknown key, a wrong type, or a value outside its accepted range. BadInput: where the file is
        missing or is no YAML mapping.
    """
    if path is None:
        return _config_of({}, Place("configuration", Path.cwd()), overrides)
    return _config_of(read_yaml(Path(path)), Place(str(path), Path(path).absolute().parent), overrides)


def load_run_config(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Config:
    """The configuration that a run folder keeps; from before there was a key `methods`, it means the network alone.

    Args:
        path: config.yaml.
        overrides: as `load_config`.
    Raises: as `load_config`.
    """
    tree = read_yaml(Path(path))
    return _config_of({"methods": [{"prior": "network"}], **tree}, Place(str(path), Path(path).absolute().parent), overrides)


def _config_of(tree: dict[str, Any], place: Place, overrides: Sequence[str]) -> Config:
    given = to_dict(build_value(Config, tree, place))
    command_line = Place("--set", Path.cwd())
    for override in overrides:
        _apply(given, override, command_line)
    config: Config = build_value(Config, given, command_line)
    _check_together(config, place.file)
    return config


def with_settings(tree: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """A tree of plain values with single keys replaced.

    Args:
        tree: as `to_dict` makes it; is left as it is.
        settings: "key.path=value" texts, value in YAML.
    Raises: ConfigError: for a text that is none.
    """
    changed = copy.deepcopy(tree)
    for setting in settings:
        _apply(changed, setting, Place("--set", Path.cwd()))
    return changed


def with_values(config: Config, values: Mapping[str, Any], where: object) -> Config:
    """`config` with other values of the keys named ("training.dropout": 0); a section changes in the keys given, not as a whole.

    Args:
        config: what is changed.
        values: key path -> value.
        where: for complaints, such as the file that states the values.
    Raises: ConfigError: as `load_config`.
    """
    tree, place = to_dict(config), Place(str(where), Path.cwd())
    for key, value in _flat(values).items():
        _put(tree, key, value, place)
    changed: Config = build_value(Config, tree, place)
    _check_together(changed, place.file)
    return changed


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def to_dict(config: Any) -> Any:
    """The tree in plain YAML types: mappings, lists, texts, numbers."""
    if is_dataclass(config):
        plain = {f.name: to_dict(getattr(config, f.name)) for f in fields(config)}
        kind = kind_of(config)
        return plain if kind is None else {"kind": kind, **plain}
    if isinstance(config, tuple):
        return [to_dict(item) for item in config]
    return dict(config) if isinstance(config, Mapping) else config


def from_dict(tree: Mapping[str, Any], where: object = "configuration") -> Config:
    """Inverse of `to_dict`, as read back from a manifest or a run folder.

    Raises: ConfigError: as `load_config`.
    """
    config: Config = build_value(Config, tree, Place(str(where), Path.cwd()))
    _check_together(config, str(where))
    return config


def config_hash(config: Any) -> str:
    """Sixteen hexadecimal digits that change with any value of `config` (or of a part of it)."""
    canonical = json.dumps(to_dict(config), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def write_config(config: Config, path: str | os.PathLike[str]) -> None:
    """Write the resolved configuration as YAML; an existing file is replaced in one step or not at all."""
    text = yaml.safe_dump(to_dict(config), sort_keys=False, allow_unicode=True, width=120)
    write_atomically(Path(path), text.encode())


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
    raise BadInput(
        f"configuration '{name}'",
        expected=f"one of {', '.join(known)}",
        found="no file of that name",
        remedy="name one of these, or give a path",
    )


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


def read_yaml(path: Path, option: str = "--config") -> dict[str, Any]:
    """The mapping that a YAML file holds; empty where it holds nothing.

    Args:
        path: of the file.
        option: what the path was given to, for complaints.
    Raises: BadInput: where there is no such file, or it holds something else.
    """
    if not path.is_file():
        raise BadInput(
            path,
            expected="a YAML file",
            found="a folder" if path.is_dir() else "no such file",
            remedy=f"check the path given to {option}",
        )
    if path.stat().st_size > _LARGEST_FILE:
        raise BadInput(
            path,
            expected="a configuration of less than 1 MB",
            found=f"{path.stat().st_size} bytes",
            remedy=f"check the path given to {option}",
        )
    try:
        tree = _parse(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(path, expected="UTF-8 text", found=f"byte {error.start} that is not", remedy="save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise BadInput(path, expected="a YAML mapping", found=_one_line(error), remedy="correct the file there") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise BadInput(path, expected="a YAML mapping of keys", found=found(tree), remedy="see configs/default.yaml for its form")
    return tree


def _parse(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # a SafeLoader


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "text that is no YAML"
    return f"{problem} in line {mark.line + 1}" if mark else str(problem)


def _apply(tree: dict[str, Any], override: str, place: Place) -> None:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ConfigError(
            f"--set {override}",
            expected="key.path=value",
            found=f"'{override}'",
            remedy="write for instance --set training.epochs=5",
        )
    try:
        value = _parse(text)
    except yaml.YAMLError as error:
        raise place.at(key).error("a YAML value", _one_line(error), "quote the value") from error
    _put(tree, key, value, place)


def _put(tree: dict[str, Any], key: str, value: Any, place: Place) -> None:
    *parents, leaf = key.split(".")
    branch: Any = tree
    for depth, name in enumerate(parents):
        branch = _descend(branch, name, Place(place.file, place.folder, ".".join(parents[:depth])))
    if isinstance(branch, list):
        branch[_index(branch, leaf, Place(place.file, place.folder, ".".join(parents)))] = value
    elif isinstance(branch, dict):
        branch[leaf] = value
    else:
        raise place.at(key).error("a key inside a section", f"'{'.'.join(parents)}' is a single value", "drop the last part")


def _descend(branch: Any, name: str, place: Place) -> Any:
    if isinstance(branch, list):
        return branch[_index(branch, name, place)]
    if isinstance(branch, dict):
        if branch.get(name) is None:
            branch[name] = {}  # a section that was null; an unknown one is refused when the tree is built
        return branch[name]
    raise place.error("a section", "a single value", f"drop '.{name}'")


def _index(branch: list[Any], name: str, place: Place) -> int:
    if name.isdecimal() and int(name) < len(branch):
        return int(name)
    raise place.error(
        f"a position from 0 to {len(branch) - 1}" if branch else "a list that is not empty",
        f"'{name}'",
        f"set the whole list, as in --set '{place.key}=[...]'",
    )


def _check_together(config: Config, file: str) -> None:
    place, region, data = Place(file, Path.cwd()), config.data.region, config.data
    if region is not None and region.south >= region.north:
        raise place.at("data.region").error("south below north", f"{region.south:g} and {region.north:g}", "exchange them")
    if region is not None and region.west >= region.east:
        raise place.at("data.region").error(
            "west below east",
            f"{region.west:g} and {region.east:g}",
            "exchange them; a region across the date line must be run in two halves",
        )
    if data.first_month and data.last_month and data.first_month > data.last_month:
        raise place.at("data.first_month").error(
            f"a month not after data.last_month ({data.last_month})", data.first_month, "exchange them"
        )
    spread = data.point_spread
    if (spread.kind == "gaussian") != (spread.half_weight_km is not None):
        place = place.at("data.point_spread.half_weight_km")
        if spread.half_weight_km is None:
            raise place.error("a distance, because data.point_spread.kind is 'gaussian'", "none", "give it in km")
        raise place.error(
            f"no distance, because data.point_spread.kind is '{spread.kind}'",
            f"{spread.half_weight_km:g}",
            "choose kind: gaussian, or leave the distance out",
        )
    for name in ("test_months", "validation_months"):
        for span in getattr(config.split, name):
            first, _, last = span.partition(":")
            if last and first > last:
                raise place.at(f"split.{name}").error("spans that end after they start", f"'{span}'", "exchange the two months")
    if config.split.test_share + config.split.validation_share >= 1:
        raise place.at("split.test_share").error(
            "test_share and validation_share that together leave months to train on",
            f"{config.split.test_share:g} + {config.split.validation_share:g}",
            "lower one",
        )
    if (config.target.kind == "product") != (config.model.kind == "prior"):
        raise place.at("model.kind").error(
            "prior where target.kind is 'product', and nowhere else",
            f"{config.model.kind} with target.kind: {config.target.kind}",
            "set both, or neither",
        )
    if config.target.kind == "reference" and config.data.reference is None:
        raise place.at("data.reference").error(
            "a fine field, because target.kind is 'reference'", "none", "name its file, or choose target.kind: coarsen"
        )
    if config.training.scale_transfer and config.target.kind == "coarsen" and config.sample.factor < 2:
        raise place.at("sample.factor").error("at least 2 where target.kind is 'coarsen'", str(config.sample.factor), "raise it")
