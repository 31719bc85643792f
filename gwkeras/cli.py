"""The command line. Rooms are imported inside the commands, so that `gwkeras --help` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

import gwkeras

app = typer.Typer(
    name="gwkeras",
    no_args_is_help=True,
    add_completion=False,
    help="Downscaling of satellite groundwater storage with physics-informed networks.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gwkeras {gwkeras.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Downscaling of satellite groundwater storage with physics-informed networks."""


def main() -> None:
    """Entry point of the `gwkeras` command."""
    app()
