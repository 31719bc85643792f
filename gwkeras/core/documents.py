"""Documents derived from the code: configs/default.yaml, docs/configuration.md, docs/sample.md. `make docs` rewrites them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gwkeras.core.config.key import Key
from gwkeras.core.config.kinds import PRIORS, UPDATES, kind_of
from gwkeras.core.config.tree import Config, RegionConfig
from gwkeras.core.config.values import accepted_range, section_of
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.schema import CLIMATE_UNITS, FEATURES, SCHEMA_VERSION

_COMMENT_COLUMN = 44

_CONFIGURATION_HEAD = (
    """\
# Configuration

Written by `make docs` from `gwkeras/core/config/tree.py`; the same text stands beside each key of `configs/default.yaml`.

A configuration is a YAML file; every key may be left out, an unknown one is refused. `--set key.path=value` replaces one key
on the command line, the value in YAML (`--set split.test_months='[2010-01:2012-12]'`);
`--set data.climate.0.path=FILE` reaches into a list.

Paths are relative to the file that states them (on the command line: to the folder you are in). `~`, `$NAME`, `${NAME}`
and `${NAME:-default}` are expanded. A list of one may be written without brackets.
"""
    + "\n"
)

_PARTS_HEAD = """\
## Parts of a method

A method is a prior (a prediction of storage in each fine cell) and an update (its correction by the product). Each is a
kind with keys of its own; one of your own is named where it lies (`kind: "package.module:Class"`; [Methods](methods.md)).

"""

_SAMPLE_HEAD = f"""\
# The sample

Written by `make docs` from `gwkeras/core/schema.py`, the one contract between shards, model inputs, export signature and
this page. Schema version {SCHEMA_VERSION}; it stands in every manifest.

T months of climate memory, H × W coarse cells, s refinement factor, D climate channels, K fine covariates. Arrays are
float32, channels-last, rows from south to north, columns from west to east. Configured by the section `sample`.

| array | axes | unit | role | present | meaning |
|---|---|---|---|---|---|
"""


def default_yaml() -> str:
    """configs/default.yaml: every key with its default, meaning, unit and accepted values."""
    head = """\
# Every key of gwkeras with its default. A key that is left out has the value it has here; an unknown one is refused.
# Behind each key: what it means [unit; accepted values]. Keys behind a '#' belong to a section that is absent by default.
"""
    return head + "\n".join(_yaml_lines(Config, Config(), 0)) + "\n"


def configuration_markdown() -> str:
    """docs/configuration.md: one table a section."""
    parts = _CONFIGURATION_HEAD.splitlines()
    for name, kind in _sections(Config, ""):
        parts += [f"## `{name}`" if name else "## Top level", "", (kind.__doc__ or "").strip(), "", *_table(kind)]
    parts += _PARTS_HEAD.splitlines()
    for kinds in (PRIORS, UPDATES):
        for name in kinds.places:
            kind = kinds.of(name, kinds.part)
            summary = (kind.__doc__ or "").strip().splitlines()[0]
            parts += [f"### `{kinds.part}: {{kind: {name}}}`", "", summary, "", *(_table(kind) if fields(kind) else ())]
    return "\n".join(parts)


def _table(kind: Any) -> Iterator[str]:
    yield "| key | default | meaning | unit | accepted |"
    yield "|---|---|---|---|---|"
    hints, default = get_type_hints(kind), kind()
    for f in fields(kind):
        key: Key = f.metadata["key"]
        value = getattr(default, f.name)
        shown = "section" if is_dataclass(value) and key.kinds is None else f"`{_flow(value)}`"
        yield f"| `{f.name}` | {shown} | {_cell(key.meaning)} | {key.unit} | {_cell(_accepted(hints[f.name], key))} |"
    yield ""


def sample_markdown() -> str:
    """docs/sample.md: the arrays of a sample and the climate channels that gwkeras knows."""
    parts = _SAMPLE_HEAD.splitlines()
    for feature in FEATURES:
        axes = f"({', '.join(feature.axes)})" if feature.axes else "scalar"
        present = "always" if feature.present == "always" else f"with {feature.present}"
        parts.append(f"| `{feature.name}` | {axes} | {feature.unit} | {feature.role} | {present} | {_cell(feature.meaning)} |")
    parts += ["", "Climate channels are stacked in this order, as many as there are:", "", "| channel | unit |", "|---|---|"]
    parts += [f"| `{name}` | {unit} |" for name, unit in CLIMATE_UNITS.items()]
    return "\n".join(parts) + "\n"


def write_documents(root: Path) -> list[Path]:
    """Write all three below the project's folder `root`; returns their paths."""
    texts = {
        "configs/default.yaml": default_yaml(),
        "docs/configuration.md": configuration_markdown(),
        "docs/sample.md": sample_markdown(),
    }
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    return [root / name for name in texts]


def _sections(kind: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    yield prefix, kind
    for name, hint in get_type_hints(kind).items():
        section = section_of(hint)
        shown_once = name in ("climate", "static", "reference", "truth")  # the keys of data.gwsa
        if section is not None and not shown_once:
            yield from _sections(section, f"{prefix}.{name}" if prefix else name)


def _yaml_lines(kind: Any, default: Any, depth: int, mark: str = "") -> Iterator[str]:
    hints = get_type_hints(kind)
    for f in fields(kind):
        key, value = f.metadata["key"], getattr(default, f.name)
        if is_dataclass(value) and key.kinds is None:
            if depth == 0:
                yield ""
            yield _commented(f"{mark}{'  ' * depth}{f.name}:", key.meaning)
            yield from _yaml_lines(type(value), value, depth + 1, mark)
            continue
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            if depth == 0:
                yield ""
            yield _commented(f"{mark}{'  ' * depth}{f.name}:", key.meaning)
            for item in value:
                first, *others = _yaml_lines(type(item), item, depth + 2, mark)
                yield first.replace("    ", "  - ", 1)
                yield from others
            continue
        accepted = "; ".join(part for part in (key.unit, _accepted(hints[f.name], key)) if part)
        yield _commented(
            f"{mark}{'  ' * depth}{f.name}: {_flow(value)}", f"{key.meaning} [{accepted}]" if accepted else key.meaning
        )
        if section_of(hints[f.name]) is RegionConfig:
            yield from _yaml_lines(RegionConfig, RegionConfig(), depth + 1, "# ")


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_COMMENT_COLUMN}}  # {comment}"


def _flow(value: Any) -> str:
    plain = _named(value)
    if plain is None:
        return "null"
    if isinstance(plain, list):
        return f"[{', '.join(map(_flow, plain))}]"
    if isinstance(plain, dict):
        return f"{{{', '.join(f'{name}: {_flow(item)}' for name, item in plain.items())}}}"
    return (plain or '""') if isinstance(plain, str) else json.dumps(plain)


def _named(value: Any) -> Any:
    """As `to_dict`; a part of a method by its kind, its own parts, and those of its keys that differ from their defaults."""
    if isinstance(value, tuple):
        return [_named(item) for item in value]
    kind = kind_of(value)
    if kind is None:
        return {f.name: _named(getattr(value, f.name)) for f in fields(value)} if is_dataclass(value) else to_dict(value)
    usual = type(value)()
    told = {
        f.name: _named(getattr(value, f.name))
        for f in fields(value)
        if f.metadata["key"].kinds is not None or getattr(value, f.name) != getattr(usual, f.name)
    }
    return {"kind": kind, **told} if told else kind


def _accepted(hint: Any, key: Key) -> str:
    if key.kinds is not None:
        return " | ".join(key.kinds.places)
    if get_origin(hint) is Literal:
        return " | ".join(get_args(hint))
    if hint is bool:
        return "true | false"
    return accepted_range(key)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write_documents(Path(sys.argv[1]))
