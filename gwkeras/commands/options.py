"""Options that several commands have, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML configuration; see configs/default.yaml.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY.PATH=VALUE", help="Replace one configuration key; may be repeated.")
]
RunOption = Annotated[Path | None, typer.Option("--run", help="Run folder; default: runs/<name of the configuration>.")]
BuildersOption = Annotated[int, typer.Option("--workers", min=1, max=256, help="Number of local processes that build shards.")]
SchedulerOption = Annotated[str | None, typer.Option(help="Address of a running Dask cluster to use.")]
DegreesOption = Annotated[float | None, typer.Option(help="Edge of the region, degrees; default: the run's.")]
VariableOption = Annotated[str, typer.Option("--variable", help="Variable to read; default: recognised automatically.")]
UnitOption = Annotated[str, typer.Option("--unit", help="Unit of the variable, if the files state none or a wrong one.")]
VariablesOption = Annotated[
    list[str] | None,
    typer.Option("--variable", metavar="NAME=VARIABLE", help="Variable of a record; default: recognised automatically."),
]
UnitsOption = Annotated[
    list[str] | None, typer.Option("--unit", metavar="NAME=UNIT", help="Unit of a record whose files state none or a wrong one.")
]
FirstMonthOption = Annotated[
    str | None, typer.Option("--first-month", help="First month, such as 2002-04; default: the first available.")
]
LastMonthOption = Annotated[
    str | None, typer.Option("--last-month", help="Last month, such as 2023-09; default: the last available.")
]
FieldsOption = Annotated[
    list[str] | None, typer.Option("--field", metavar="NAME=FILE", help="Gridded record with a name for it; may be repeated.")
]
SouthOption = Annotated[float | None, typer.Option("--south", help="Southern edge of the region, degrees north.")]
NorthOption = Annotated[float | None, typer.Option("--north", help="Northern edge; edges are widened to whole product cells.")]
WestOption = Annotated[float | None, typer.Option("--west", help="Western edge, degrees east; -85 and 275 mean the same.")]
EastOption = Annotated[float | None, typer.Option("--east", help="Eastern edge; default: all that the files cover.")]

SEVERAL = (
    *("--gwsa", "--climate", "--static"),
    *("--tws", "--land-model", "--soil", "--snow", "--canopy", "--surface", "--glacier"),
)
"""Options that take all the names after them: shells expand *.nc to that."""
