"""Tables as CSV and LaTeX."""

from __future__ import annotations

import csv
import io

from gwkeras.report.document import Aside, Report, Section, Table, paragraph
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
