"""The reference of the command line says what `--help` says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from docs.making.command_page import command_page
from gwkeras.cli import app


def pour(
    into: Annotated[Path, typer.Argument(help="Vessel | cup.")],
    rest: Annotated[list[str] | None, typer.Option("--from", metavar="WELL", help="Where from.")] = None,
    litres: Annotated[float, typer.Option(help="How much_of it.")] = 2.5,
    slowly: Annotated[bool, typer.Option("--slowly", help="Drop by drop.")] = False,
) -> None:
    """Pours
    water."""


def test_a_command_worked_by_hand():
    small = typer.Typer()
    small.command()(pour)
    assert command_page(small).split("\n## ")[1].splitlines() == [
        "`gwkeras pour`",
        "",
        "Pours water.",
        "",
        "```text",
        "gwkeras pour INTO [OPTIONS]",
        "```",
        "",
        "| option | meaning | default |",
        "|---|---|---|",
        "| `INTO` | Vessel \\| cup. Required. |  |",
        "| `--from WELL` | Where from. |  |",
        "| `--litres NUMBER` | How much\\_of it. | `2.5` |",
        "| `--slowly` | Drop by drop. |  |",
    ]


@pytest.mark.parametrize("command", ["run", "twin", "downscale", "zonal", "fetch era5-land"])
def test_every_option_of_the_help_is_on_the_page(command):
    section = command_page(app).split(f"## `gwkeras {command}`\n")[1].split("\n## ")[0]
    shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}).output
    of_help = set(re.findall(r"--[a-z][a-z0-9-]+", re.sub(r"(?m)^.*Usage.*$", "", shown))) - {"--help"}
    on_page = set(re.findall(r"--[a-z][a-z0-9-]+", section))
    assert of_help == on_page
