"""A file that holds one section of settings and no whole configuration, as the analyses take them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from gwkeras.core.config.values import Place, build_value
from gwkeras.core.config.yaml_file import read_yaml, to_dict, with_settings

Section = TypeVar("Section")


def load_section(kind: type[Section], path: Path | None, settings: Sequence[str] = ()) -> Section:
    """The section that a YAML file holds, with single keys replaced; what neither names has its default.

    Args:
        kind: a dataclass of keys.
        path: YAML file; None for the defaults alone.
        settings: "key.path=value" texts, value in YAML; relative paths in them are seen from the working folder.
    Raises: ConfigError: for an unknown key, a wrong type, or a value outside its accepted range. BadInput: where there is no
        such file.
    """
    tree, place = ({}, Path.cwd()) if path is None else (read_yaml(path), path.absolute().parent)
    given: Section = build_value(kind, tree, Place(str(path or "settings"), place, root=kind))
    changed: Section = build_value(kind, with_settings(to_dict(given), settings), Place("--set", Path.cwd(), root=kind))
    return changed
