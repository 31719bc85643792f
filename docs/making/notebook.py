"""Notebooks: made of Python sources in the percent format, and shown as Markdown pages."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

_MARK = re.compile(r"^# %%(?: \[(markdown)\])?$", re.MULTILINE)
_TABLE_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """A cell of a source.

    Args:
        kind: "markdown" or "code".
        text: what it holds; of Markdown, without the marks of a comment.
    """

    kind: Literal["markdown", "code"]
    text: str


def read_cells(source: str) -> list[Cell]:
    """The cells of a Python file in which `# %%` begins code and `# %% [markdown]` text in comments.

    Args:
        source: the file's text; what stands before the first mark belongs to the file alone.
    """
    marks = list(_MARK.finditer(source))
    cells = []
    for mark, following in pairwise([*marks, None]):
        assert mark is not None
        text = source[mark.end() : following.start() if following else len(source)].strip("\n")
        if mark[1]:
            cells.append(Cell("markdown", "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.splitlines())))
        else:
            cells.append(Cell("code", text))
    return cells


def notebook_of(cells: list[Cell]) -> dict[str, Any]:
    """A notebook of format 4.5 that has not been run."""
    made = []
    for number, cell in enumerate(cells):
        entry: dict[str, Any] = {"cell_type": cell.kind, "id": f"cell-{number}", "metadata": {}, "source": cell.text}
        made.append(entry if cell.kind == "markdown" else {**entry, "execution_count": None, "outputs": []})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": made,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def sources_of(notebook: dict[str, Any]) -> list[Cell]:
    """The cells of a notebook without their outputs."""
    return [Cell(cell["cell_type"], _joined(cell["source"])) for cell in notebook["cells"]]


def page_of(notebook: dict[str, Any], name: str) -> tuple[str, dict[str, bytes]]:
    """A notebook as it was run, as Markdown.

    Args:
        notebook: of format 4.
        name: what the files of its pictures begin with.
    Returns: the text, and file name -> PNG.
    """
    lines: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            lines += [_joined(cell["source"]), ""]
            continue
        lines += ["```python", _joined(cell["source"]), "```", ""]
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                picture = f"{name}-{len(pictures)}.png"
                pictures[picture] = base64.b64decode(_joined(data["image/png"]))
                lines += [f"![Output of the cell above]({picture})", ""]
            elif "text/html" in data:
                lines += [_TABLE_STYLE.sub("", _joined(data["text/html"])), ""]
            else:
                lines += ["```text", said_by(output).rstrip("\n"), "```", ""]
    return "\n".join(lines), pictures


def said_by(output: dict[str, Any]) -> str:
    """The text of an output: of a stream, a value or an error."""
    if output["output_type"] == "stream":
        return _joined(output["text"])
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return _joined(output["data"].get("text/plain", ""))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
