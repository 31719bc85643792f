"""`gwkeras inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import EastOption, NorthOption, SetOption, SouthOption, WestOption


def inspect(
    paths: Annotated[list[str], typer.Argument(help="NetCDF files, folders, ZIPs, shards, run folders, SavedModels.")],
    config: Annotated[Path | None, typer.Option("--config", help="YAML configuration to check the files against.")] = None,
    settings: SetOption = None,
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Contents of files: variables, units, period, gaps, grid. Exit code 2 if something cannot be read or does not fit."""
    import json
    from dataclasses import asdict

    from gwkeras.core.box import Edges
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.inspection import inspect_path

    settled = load_config(config, settings or ()) if config or settings else None
    edges = Edges(south, north, west, east).checked()
    findings = [finding for path in paths for finding in inspect_path(path, settled, edges)]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))
    else:
        typer.echo("\n\n".join(finding.text() for finding in findings))
    if any(finding.faults or finding.fits is False for finding in findings):
        raise typer.Exit(2)
