"""The reference of classes and functions holds what is public, as it is called."""

from __future__ import annotations

import ast

import pytest

from docs.making.api_pages import PAGES, module_markdown, page_markdown, signature

MODULE = '''
"""Cells."""

from dataclasses import dataclass

@dataclass(frozen=True)
class Cell:
    """One cell.

    Args:
        side: its length, km.
    """

    side: float = key(1.0, "length", unit="km")
    _cached: int = 0

    @property
    def area(self) -> float:
        """km²."""
        return self.side**2

    def _hidden(self):
        """Not for others."""

class Layer(Base):
    """Works."""

    def __init__(self, filters, kernel_size=3, *, name: str = "x", **kwargs):
        pass

    def call(self, inputs):
        pass

def _private():
    """Not for others."""
'''


def test_what_is_public_is_there_and_nothing_else():
    lines = module_markdown(MODULE, "cells")
    assert [line for line in lines if line.startswith("#")] == ["## `cells`", "### Cell", "#### Cell.area", "### Layer"]
    assert "class Cell(side: float = 1.0)" in lines
    assert "area: float" in lines
    assert "class Layer(filters, kernel_size=3, *, name: str = 'x', **kwargs)" in lines
    assert not [line for line in lines if "private" in line or "hidden" in line]


def test_a_module_of_private_names_has_no_entry():
    assert module_markdown('"""Nothing."""\n\ndef _one():\n    """1."""\n', "nothing") == []


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("def f(a, b: int = 2, *rest, c, **more) -> str: ...", "def f(a, b: int = 2, *rest, c, **more) -> str"),
        ("def f(*, c=1): ...", "def f(*, c=1)"),
    ],
)
def test_signatures(source, called):
    assert signature(ast.parse(source).body[0]) == called


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_something_to_say(page, project_root):
    text = page_markdown(project_root, page)
    assert "\n### " in text
    for module in page.modules:
        assert (project_root / module).exists()


def test_every_layer_loss_and_model_is_listed(project_root):
    """What the contract test of layers imports, and the like, is in the reference."""
    for name, wanted in (
        ("layers", "ConvLSTM2D"),
        ("losses", "sign_hinge"),
        ("models", "paper_model"),
        ("methods", "Prediction"),
    ):
        page = next(page for page in PAGES if page.name == name)
        assert f"### {wanted.replace('_', chr(92) + '_')}\n" in page_markdown(project_root, page)
