"""`gwkeras report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Run folders; several are compared if they were scored alike. A folder of gwkeras ablate adds its tables."
        ),
    ],
    output: Annotated[Path | None, typer.Option(help="Folder to write to; default: that of the first run.")] = None,
    megabytes: Annotated[
        float, typer.Option(min=8, max=500, help="Largest size of the page; the map is coarsened to fit.")
    ] = 15.0,
    worlds: Annotated[
        bool,
        typer.Option("--worlds", help="For runs in different worlds or regions: compare RMSE as a share of interpolation's."),
    ] = False,
) -> None:
    """One page with map, tables and figures from stored runs; also as Markdown, PNG, PDF, CSV and LaTeX."""
    from gwkeras.console import say_written
    from gwkeras.report.writing import write_whole_report

    written = write_whole_report(runs, output or runs[0], megabytes=megabytes, worlds=worlds)
    said = f"{written.page} ({written.bytes / 1e6:.1f} MB), {written.document}"
    if written.figures:
        said += f", {written.figures} figures (PNG and PDF)"
    say_written(f"{said}, {written.tables} tables (CSV and LaTeX)")
