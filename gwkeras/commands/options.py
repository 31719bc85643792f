"""Options that several commands have, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML configuration; see configs/default.yaml.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY.PATH=VALUE", help="Replace one key; may be repeated.")]
RunOption = Annotated[Path | None, typer.Option("--run", help="Run folder; by default runs/<name of the configuration>.")]
BuildersOption = Annotated[int, typer.Option("--workers", min=1, max=256, help="Local processes that build shards.")]
SchedulerOption = Annotated[str | None, typer.Option(help="Address of a running Dask cluster that does the work.")]
DegreesOption = Annotated[float | None, typer.Option(help="Edge of the region, degrees; by default the run's.")]
VariableOption = Annotated[str, typer.Option("--variable", help="Variable of the files; by default recognised.")]
UnitOption = Annotated[str, typer.Option("--unit", help="Unit of the variable, where the files state none or a wrong one.")]
VariablesOption = Annotated[
    list[str] | None, typer.Option("--variable", metavar="NAME=VARIABLE", help="Of a record's files; by default recognised.")
]
UnitsOption = Annotated[
    list[str] | None, typer.Option("--unit", metavar="NAME=UNIT", help="Of a record whose files state none or a wrong one.")
]
FirstMonthOption = Annotated[str | None, typer.Option("--first-month", help="Such as 2002-04; by default the first there is.")]
LastMonthOption = Annotated[str | None, typer.Option("--last-month", help="Such as 2023-09; by default the last there is.")]
FieldsOption = Annotated[
    list[str] | None, typer.Option("--field", metavar="NAME=FILE", help="Gridded record by a name of its own; may be repeated.")
]
SouthOption = Annotated[float | None, typer.Option("--south", help="Southern edge of the region, degrees north.")]
NorthOption = Annotated[float | None, typer.Option("--north", help="Northern edge; widened to whole cells of the product.")]
WestOption = Annotated[float | None, typer.Option("--west", help="Western edge, degrees east; -85 and 275 are the same.")]
EastOption = Annotated[float | None, typer.Option("--east", help="Eastern edge. By default all that the files cover.")]

SEVERAL = (
    *("--gwsa", "--climate", "--static"),
    *("--tws", "--land-model", "--soil", "--snow", "--canopy", "--surface", "--glacier"),
)
"""Options that take all the names after them: shells expand *.nc to that."""
