"""`gwkeras trend`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import (
    EastOption,
    FirstMonthOption,
    LastMonthOption,
    NorthOption,
    SouthOption,
    UnitOption,
    VariableOption,
    WestOption,
)


def trend(
    paths: Annotated[list[str], typer.Argument(help="Storage record: NetCDF files, folders, globs.")],
    variable: VariableOption = "",
    unit: UnitOption = "",
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    first_month: FirstMonthOption = None,
    last_month: LastMonthOption = None,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="Confidence level of intervals; tests use 1 - confidence.")
    ] = 0.95,
    correct: Annotated[
        bool, typer.Option("--correct/--uncorrected", help="Correct tests and intervals for autocorrelation (Hamed & Rao).")
    ] = True,
    season: Annotated[bool, typer.Option("--without-season/--with-season", help="Remove the mean annual cycle first.")] = True,
    rate: Annotated[
        float | None,
        typer.Option(
            "--hotspot-rate",
            min=0.0,
            help="Smallest |trend| of a hotspot, mm a year; default: that of the fastest quarter of significant land.",
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="NetCDF file to write; table and picture go next to it.")] = Path("trend.nc"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Trends of a storage record: Theil-Sen slopes with intervals, Mann-Kendall tests, hotspots."""
    from gwkeras.analysis.trend.record import TrendOptions, record_trend
    from gwkeras.application.analysis.trend import write_trend
    from gwkeras.application.record_of_files import Asked, read_record
    from gwkeras.commands.analysis import described, free_path
    from gwkeras.console import say_written, show_table, watched
    from gwkeras.core.box import Edges
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.report.pictures.trend_map import draw_trend
    from gwkeras.report.sections.trend import hotspot_table, mean_sentence

    target = free_path(output, overwrite)
    edges = Edges(south, north, west, east).checked()
    field, notes = read_record(Asked(tuple(paths), variable, unit, edges, first_month, last_month))
    options = TrendOptions(confidence, "hamed-rao" if correct else "none", season, hotspot_rate=rate)
    said = described(typed_command(), "trends of storage", [Path(path) for path in paths])
    with watched(target.parent) as progress:
        found = record_trend(field, options, attributes=said, progress=lambda done, total: progress("trends, cells", done, total))
    written = write_trend(found, target)
    picture = target.with_suffix(".png")
    draw_trend(found.data, picture)
    show_table(hotspot_table(found.hotspots[:10]))
    typer.echo(mean_sentence(found.data))
    say_written(", ".join(map(str, (*written, picture))), notes=(*notes, *found.notes))
