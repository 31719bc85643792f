"""`gwkeras gwsa`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import EastOption, NorthOption, SouthOption, UnitOption, VariableOption, WestOption

_FILES = "NetCDF files of one compartment; may be repeated."


def gwsa(
    total: Annotated[list[str], typer.Option("--tws", help="Total storage: GRACE mascons or another record.")],
    land_model: Annotated[
        list[str] | None,
        typer.Option("--land-model", help="GLDAS or ERA5-Land files with soil water, snow and canopy water of one model."),
    ] = None,
    soil: Annotated[list[str] | None, typer.Option("--soil", help=_FILES)] = None,
    snow: Annotated[list[str] | None, typer.Option("--snow", help=_FILES)] = None,
    canopy: Annotated[list[str] | None, typer.Option("--canopy", help=_FILES)] = None,
    surface: Annotated[list[str] | None, typer.Option("--surface", help=_FILES)] = None,
    glacier: Annotated[list[str] | None, typer.Option("--glacier", help=_FILES)] = None,
    variable: VariableOption = "",
    unit: UnitOption = "",
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="COMPARTMENT=VARIABLE",
            help="Variable of a compartment, if it is not recognised, such as soil=smroot.",
        ),
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option(
            "--compartment-unit",
            metavar="COMPARTMENT=UNIT",
            help="Unit of a compartment, if its files state none, such as snow=mm.",
        ),
    ] = None,
    sigma: Annotated[
        list[str] | None,
        typer.Option(
            "--sigma",
            metavar="COMPARTMENT=MM",
            help="Standard error of a compartment in mm, if its files state none, such as soil=20.",
        ),
    ] = None,
    baseline: Annotated[str, typer.Option(help="Reference period of all anomalies.")] = "2004-01:2009-12",
    fill: Annotated[bool, typer.Option("--fill", help="Fill missing months, such as those between GRACE and GRACE-FO.")] = False,
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    output: Annotated[Path, typer.Option(help="NetCDF file to write; gwkeras run --gwsa reads it.")] = Path("gwsa.nc"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Groundwater storage: total storage minus soil water, snow and canopy water, on one baseline, with errors."""
    from gwkeras.application.analysis.gwsa import BalanceWanted, storage_balance
    from gwkeras.application.dataset_file import write_dataset
    from gwkeras.application.record_of_files import Asked
    from gwkeras.commands.analysis import compartment_sources, described, free_path, named_numbers, span_of
    from gwkeras.console import say_written, watched
    from gwkeras.core.box import Edges
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.fields.readers.compartments import COMPARTMENTS

    target = free_path(output, overwrite)
    given = dict(zip(COMPARTMENTS, (soil, snow, canopy, surface, glacier), strict=True))
    wanted = BalanceWanted(
        Asked(tuple(total), variable, unit, Edges(south, north, west, east).checked()),
        compartment_sources(given, land_model, names, units),
        span_of(baseline, "--baseline"),
        named_numbers(sigma, "--sigma", ("total", *COMPARTMENTS)),
        fill,
    )
    said = described(typed_command(), "storage balance", [Path(path) for path in total])
    with watched(target.parent) as progress:
        found = storage_balance(wanted, attributes=said, progress=progress)
    write_dataset(found.data, target)
    say_written(str(target), f"gwkeras run --gwsa {target} --climate FILES --output FOLDER", found.notes)
