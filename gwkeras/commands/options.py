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
SouthOption = Annotated[float | None, typer.Option("--south", help="Southern edge of the region, degrees north.")]
NorthOption = Annotated[float | None, typer.Option("--north", help="Northern edge; widened to whole cells of the product.")]
WestOption = Annotated[float | None, typer.Option("--west", help="Western edge, degrees east; -85 and 275 are the same.")]
EastOption = Annotated[float | None, typer.Option("--east", help="Eastern edge. By default all that the files cover.")]

SEVERAL = ("--gwsa", "--climate", "--static")
"""Options that take all the names after them: shells expand *.nc to that."""
