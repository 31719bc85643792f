"""Docstrings become Markdown in which nothing but backticks is markup."""

from __future__ import annotations

from markdown_it import MarkdownIt

from docs.making.docstring import as_markdown, escaped

DOCSTRING = """\
mean max(0, −ΔG · sgn(P − ET)) of a * b and n_lat, |error| < 1.

A formula:

    x_i = Σ_j w_ij * y_j

Args:
    change: ΔG, (batch, H, W, 1),
        in mm.
    mask: [bool]; `a_b` is code.
Returns: (batch,), in the unit
    of `change`.
Raises: BadInput: where it is none.

>>> 1 + 1
2
"""


def test_sections_lists_formulas_and_examples_keep_their_form():
    assert as_markdown(DOCSTRING).split("\n\n") == [
        r"mean max(0, −ΔG · sgn(P − ET)) of a \* b and n\_lat, \|error\| \< 1.",
        "A formula:",
        "```text\nx_i = Σ_j w_ij * y_j\n```",
        "**Arguments**",
        "- `change`: ΔG, (batch, H, W, 1), in mm.\n- `mask`: \\[bool\\]; `a_b` is code.",
        "**Returns** (batch,), in the unit of `change`.",
        "**Raises** BadInput: where it is none.",
        "```pycon\n>>> 1 + 1\n2\n```",
    ]


def test_what_is_escaped_is_shown_as_it_was():
    """By another library's reading of Markdown."""
    text = "a*b*c, n_lat_fine, <year>, [link](x), {role}`code_x`, |e| ~~x~~ \\d $x$"
    shown = MarkdownIt().render(escaped(text)).strip()
    assert shown == "<p>a*b*c, n_lat_fine, &lt;year&gt;, [link](x), {role}<code>code_x</code>, |e| ~~x~~ \\d $x$</p>"
