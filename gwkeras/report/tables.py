"""Tables as files for other programs: CSV, and LaTeX for papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from gwkeras.core.files.whole_file import write_atomically
from gwkeras.report.document import Aside, Report, Table

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "″": r"\textquotedbl{}",
    "–": "--",
    "±": r"$\pm$",
    "×": r"$\times$",
    "°": r"$^{\circ}$",
    "σ": r"$\sigma$",
    "ρ": r"$\rho$",
    "µ": r"$\mu$",
    "−": r"$-$",
    "“": "``",
    "”": "''",
}


def write_tables(report: Report, folder: Path) -> list[Path]:
    """A CSV and a LaTeX file of every table that has a name."""
    written = []
    for table in named_tables(report):
        folder.mkdir(parents=True, exist_ok=True)
        for ending, text in ((".csv", as_csv(table)), (".tex", as_latex(table))):
            path = folder / f"{table.name}{ending}"
            write_atomically(path, text.encode())
            written.append(path)
    return written


def named_tables(report: Report) -> Iterator[Table]:
    """In their order, asides included."""
    for section in report.sections:
        for block in section.blocks:
            for inner in block.blocks if isinstance(block, Aside) else (block,):
                if isinstance(inner, Table) and inner.name:
                    yield inner


def as_csv(table: Table) -> str:
    """Comma-separated, with its headings; a dash, which means that there is none, is an empty field."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(table.headings)
    rows.writerows(["" if cell == "–" else cell for cell in row] for row in table.rows)
    return text.getvalue()


def as_latex(table: Table) -> str:
    r"""A tabular of the package booktabs, for \input."""
    lines = [f"\\begin{{tabular}}{{l{'r' * (len(table.headings) - 1)}}}", "\\toprule"]
    lines += [_latex_row(table.headings), "\\midrule", *map(_latex_row, table.rows), "\\bottomrule", "\\end{tabular}"]
    before = [f"% {' '.join(table.title.split())}"] if table.title else []
    return "\n".join([*before, *lines]) + "\n"


def _latex_row(cells: tuple[str, ...]) -> str:
    return " & ".join("".join(_LATEX.get(letter, letter) for letter in cell) for cell in cells) + r" \\"
