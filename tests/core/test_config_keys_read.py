"""Every configuration key is read by some room: a key that nothing reads is a promise that nothing keeps."""

from __future__ import annotations

import ast
from dataclasses import fields

import pytest

from gwkeras.core import config as tree
from gwkeras.core.config import Config, SourceConfig


def attributes_read(root) -> set[str]:
    """Names after a dot, and texts given to getattr, in every module but the configuration's own."""
    own = {"config.py", "config_values.py", "configuration.py", "documents.py"}
    read: set[str] = set()
    for package in ("gwkeras", "tfrecords_build"):
        for path in (root / package).rglob("*.py"):
            if path.parent.name == "core" and path.name in own:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    read.add(node.attr)
                elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
                    read |= {leaf.value for leaf in ast.walk(node.args[1]) if isinstance(leaf, ast.Constant)}
    return read


@pytest.mark.xfail(strict=False, reason="not every room is written yet")
def test_every_key_is_read(project_root):
    sections = [each for each in vars(tree).values() if isinstance(each, type) and each.__name__.endswith("Config")]
    assert {Config, SourceConfig} <= set(sections)
    keys = {(section.__name__, field.name) for section in sections for field in fields(section)}
    read = attributes_read(project_root)
    unread = sorted(f"{section}.{name}" for section, name in keys if name not in read)
    assert not unread
