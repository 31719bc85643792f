"""`gwkeras tch`."""

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
    UnitsOption,
    VariablesOption,
    WestOption,
)


def tch(
    products: Annotated[list[str], typer.Argument(metavar="NAME=FILE...", help="Three or more products of the same quantity.")],
    variables: VariablesOption = None,
    units: UnitsOption = None,
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    first_month: FirstMonthOption = None,
    last_month: LastMonthOption = None,
    best: Annotated[
        int | None, typer.Option(min=1, help="Number of products in the weighted mean, smallest errors first; default: all.")
    ] = None,
    baseline: Annotated[str, typer.Option(help="Reference period of the weighted mean's anomalies.")] = "2004-01:2009-12",
    output: Annotated[Path, typer.Option(help="NetCDF file to write; gwkeras gwsa --tws reads it.")] = Path("tch.nc"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Errors of three or more products from their differences (three-cornered hat), and their weighted mean."""
    import numpy as np

    from gwkeras.analysis.three_cornered_hat.record import hat
    from gwkeras.application.analysis.tch import read_products
    from gwkeras.application.dataset_file import write_dataset
    from gwkeras.commands.analysis import described, free_path, named_sources, span_of
    from gwkeras.console import say_written, show_table, watched
    from gwkeras.core.box import Edges
    from gwkeras.core.months import month_number
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.report.sections.three_cornered_hat import errors_table

    target = free_path(output, overwrite)
    span = tuple(int(month_number(np.datetime64(text, "M"))) for text in span_of(baseline, "--baseline"))
    sources = named_sources(products, "products", variables=variables, units=units)
    with watched(target.parent) as progress:
        read, notes = read_products(sources, Edges(south, north, west, east).checked(), first_month, last_month, progress)
        found = hat(
            read,
            best=best,
            baseline=(span[0], span[1]),
            attributes=described(
                typed_command(), "three-cornered hat", [Path(path) for s in sources.values() for path in s.path]
            ),
            progress=lambda done, total: progress("cells", done, total),
        )
    write_dataset(found.data, target)
    show_table(errors_table(found.data))
    say_written(str(target), f"gwkeras gwsa --tws {target} --land-model FILES", (*notes, *found.notes))
