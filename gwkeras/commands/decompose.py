"""`gwkeras decompose`."""

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


def decompose(
    paths: Annotated[list[str], typer.Argument(help="Storage record: NetCDF files, folders, globs.")],
    climate: Annotated[
        list[str] | None, typer.Option("--climate", help="Climate files of the drivers: precipitation, evapotranspiration …")
    ] = None,
    climate_names: Annotated[
        list[str] | None,
        typer.Option("--climate-name", metavar="CHANNEL=VARIABLE", help="Variable of a channel, if it is not recognised."),
    ] = None,
    climate_units: Annotated[
        list[str] | None,
        typer.Option("--climate-unit", metavar="CHANNEL=UNIT", help="Unit of a channel, if the files state none."),
    ] = None,
    zones: Annotated[
        Path | None, typer.Option(help="Zones: GeoJSON or a NetCDF map of labels; default: one zone, the whole region.")
    ] = None,
    cells: Annotated[bool, typer.Option("--cells", help="Decompose every cell, without drivers; slow.")] = False,
    variable: VariableOption = "",
    unit: UnitOption = "",
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    first_month: FirstMonthOption = None,
    last_month: LastMonthOption = None,
    seasonal: Annotated[int, typer.Option(min=7, max=999, help="Length of the seasonal smoother in years; odd.")] = 13,
    trend: Annotated[int | None, typer.Option(min=13, max=9999, help="Length of the trend smoother in months; odd.")] = None,
    output: Annotated[Path, typer.Option(help="NetCDF file to write.")] = Path("decomposition.nc"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Trend, season and remainder of storage by robust STL, with the correlation of each with its drivers."""
    from gwkeras.analysis.decomposition.stl import StlOptions
    from gwkeras.application.analysis.decomposition import decomposed_record
    from gwkeras.application.dataset_file import write_dataset
    from gwkeras.application.record_of_files import Asked
    from gwkeras.commands.analysis import climate_source, described, free_path, require_odd
    from gwkeras.console import say_written, show_table, watched
    from gwkeras.core.box import Edges
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.report.sections.decomposition import driver_table, strength_table

    target = free_path(output, overwrite)
    require_odd(seasonal, "--seasonal")
    require_odd(trend, "--trend")
    asked = Asked(tuple(paths), variable, unit, Edges(south, north, west, east).checked(), first_month, last_month)
    with watched(target.parent) as progress:
        found = decomposed_record(
            asked,
            climate=climate_source(climate, climate_names, climate_units),
            zones=zones,
            cells=cells,
            options=StlOptions(seasonal, trend),
            attributes=described(typed_command(), "storage taken apart by STL", [Path(path) for path in paths]),
            progress=lambda done, total: progress("series", done, total),
        )
    write_dataset(found.data, target)
    if not cells:
        show_table(strength_table(found.data))
        if "driver" in found.data:
            show_table(driver_table(found.data))
    say_written(str(target), notes=found.notes)
