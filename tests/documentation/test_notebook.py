"""Notebooks are made of sources, shown as pages, and compared with what is kept."""

from __future__ import annotations

import base64
import copy
import json

import pytest

from docs.making.notebook import Cell, notebook_of, page_of, read_cells, sources_of
from docs.making.tutorials import FOLDER, complaints, differences, is_close, names

SOURCE = '''"""For readers of the file."""

# %% [markdown]
# # Title
#
# A *word*.

# %%
x = 1  # %% not a mark
print(x)

# %%
x
'''
CELLS = [
    Cell("markdown", "# Title\n\nA *word*."),
    Cell("code", "x = 1  # %% not a mark\nprint(x)"),
    Cell("code", "x"),
]


def run_by_hand():
    notebook = notebook_of(CELLS)
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1.00\n", "2 cells\n"]}]
    picture = base64.b64encode(b"PNG").decode()
    notebook["cells"][2]["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "a", "text/html": "<div><style scoped>x</style><table></table></div>"},
        },
        {"output_type": "display_data", "data": {"text/plain": "<Figure>", "image/png": picture}},
    ]
    return notebook


def test_cells_of_a_source():
    assert read_cells(SOURCE) == CELLS
    assert sources_of(notebook_of(CELLS)) == CELLS


def test_a_notebook_as_a_page():
    page, pictures = page_of(run_by_hand(), "small")
    assert page.split("\n\n") == [
        "# Title",
        "A *word*.",
        "```python\nx = 1  # %% not a mark\nprint(x)\n```",
        "```text\n1.00\n2 cells\n```",
        "```python\nx\n```",
        "<div><table></table></div>",
        "![Output of the cell above](small-0.png)\n",
    ]
    assert pictures == {"small-0.png": b"PNG"}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("rmse 10.00 mm", "rmse 10.15 mm", True),
        ("rmse 10.00 mm", "rmse 10.35 mm", False),
        ("rmse 10.00 mm", "mae 10.00 mm", False),
        ("0.01", "0.02", True),  # one of the last digit
        ("-0.10", "+0.10", False),
        ("5 groups", "6 groups", False),
        ("1 2", "1", False),
        ("1e-5", "1.01e-5", True),
    ],
)
def test_when_two_texts_say_the_same(one, other, alike):
    assert is_close(one, other) is alike


def test_differences_between_two_runs():
    kept = run_by_hand()
    found = copy.deepcopy(kept)
    assert differences(found, kept) == []
    found["cells"][1]["outputs"][0]["text"] = ["1.00\n", "3 cells\n"]
    assert len(differences(found, kept)) == 1
    found["cells"][2]["outputs"].pop()
    assert len(differences(found, kept)) == 2
    found["cells"][0]["source"] = "another"
    assert differences(found, kept) == ["the source has changed since the notebook was kept"]


def test_warnings_are_told():
    notebook = run_by_hand()
    assert complaints(notebook) == []
    notebook["cells"][1]["outputs"].append({"output_type": "stream", "name": "stderr", "text": "Warning"})
    assert complaints(notebook) == ["Warning"]


@pytest.mark.parametrize("name", names())
def test_the_notebooks_kept_are_of_these_sources(name):
    kept = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert sources_of(kept) == read_cells((FOLDER / f"{name}.py").read_text(encoding="utf-8")), (
        "run `make tutorials WRITE=--write`"
    )
    assert complaints(kept) == []
    assert all(cell["outputs"] or "\n" in cell["source"] for cell in kept["cells"] if cell["cell_type"] == "code")
