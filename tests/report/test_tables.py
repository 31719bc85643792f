"""Tables as CSV and LaTeX, on the page and in Markdown."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from gwkeras.report.document import Aside, Report, Section, Table, paragraph
from gwkeras.report.html.render import render
from gwkeras.report.markdown import table as as_markdown_table
from gwkeras.report.tables import as_csv, as_latex, write_tables

TABLE = Table("Errors", ("method", "R² 90 %"), (("a_b & c", "1.0 ± 0.2"), ('say "x", y', "–")), "scores")


def test_csv_is_read_back_by_any_reader():
    rows = list(csv.reader(io.StringIO(as_csv(TABLE))))
    assert rows == [["method", "R² 90 %"], ["a_b & c", "1.0 ± 0.2"], ['say "x", y', ""]]


def test_latex_escapes_what_means_something_there():
    assert as_latex(TABLE).splitlines() == [
        "% Errors",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"method & R\textsuperscript{2} 90 \% \\",
        r"\midrule",
        r"a\_b \& c & 1.0 $\pm$ 0.2 \\",
        r'say "x", y & -- \\',
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_named_tables_are_written_asides_included(tmp_path):
    inner = Table("", ("a", "b"), (("1", "2"),), "inner")
    unnamed = Table("", ("a", "b"), (("1", "2"),))
    report = Report("r", (Section("s", (paragraph("p"), TABLE, unnamed, Aside("more", (inner,)))),))
    names = sorted(path.name for path in write_tables(report, tmp_path / "tables"))
    assert names == ["inner.csv", "inner.tex", "scores.csv", "scores.tex"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0.05 to 0.35", "−0.05\u00a0to\u00a00.35"),
        ("0.15 (-0.05 to -0.01)", "0.15 (−0.05\u00a0to\u00a0−0.01)"),
        ("-23.1 %", "−23.1\u00a0%"),
        ("2.25 ± 0.35", "2.25\u00a0±\u00a00.35"),
        ("2003-04 to 2021-03", "2003-04\u00a0to\u00a02021-03"),
        ("AdamW, 1e-05", "AdamW, 1e-05"),
        ("seed-0 <b>", "seed-0 &lt;b&gt;"),
    ],
)
def test_numbers_in_a_page_keep_sign_and_unit(text, shown):
    table = Table("", ("what", "value"), (("row", text),))
    assert f"<td>{shown}</td>" in render(Report("r", (Section("s", (table,)),)), (), None, Path())


def test_bars_in_headings_do_not_end_cells():
    assert as_markdown_table(Table("", ("a", "|b|"), (("c|d", "1"),))).splitlines() == [
        "| a | \\|b\\| |",
        "|---|---:|",
        "| c\\|d | 1 |",
    ]
