"""`gwkeras plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def plot(
    source: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="Run folder, or any NetCDF file.")],
    output: Annotated[
        Path | None, typer.Option(help="PNG to write; default: plot.png in the run folder or next to the file.")
    ] = None,
    variable: Annotated[
        str | None, typer.Option(help="Variable, such as gwsa_sigma; default: gwsa, or the first map in the file.")
    ] = None,
    month: Annotated[str | None, typer.Option(help="Month, such as 2010-05; default: the last.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="LAT,LON", help="Plot the time series of the cell there instead of a map.")
    ] = None,
) -> None:
    """Quick plot as PNG: a map of one month or, with --at, the time series of one cell with its interval."""
    from gwkeras.console import say_written
    from gwkeras.core.errors import BadInput
    from gwkeras.report.pictures.quick_plot import plot_map, plot_series
    from gwkeras.training.run_folder import RunFolder

    if at is not None and month is not None:
        raise BadInput("--month", expected="--month for a map or --at for a series", found="both", remedy="leave one out")
    path = RunFolder(source).fine if source.is_dir() else source
    if not path.is_file():
        remedy = "run gwkeras downscale first" if source.is_dir() else "check the path"
        raise BadInput(path, expected="a NetCDF file", found="none", remedy=remedy)
    target = output or path.with_name("plot.png")
    shown = plot_map(path, target, variable, month) if at is None else plot_series(path, target, _place(at), variable)
    say_written(f"{target}: {shown}")


def _place(text: str) -> tuple[float, float]:
    from gwkeras.core.errors import BadInput

    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(
            "--at", expected="latitude and longitude such as 23.5,88.1", found=f"'{text}'", remedy="correct it"
        ) from error
    return lat, lon
