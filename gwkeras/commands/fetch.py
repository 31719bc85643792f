"""`gwkeras fetch g3p` and `gwkeras fetch era5-land`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

fetch = typer.Typer(no_args_is_help=True, help="Download public records: storage from G3P, climate from ERA5-Land.")

_Degrees = Annotated[float | None, typer.Option(help="Edge of the region, degrees; default: from the configuration.")]


@fetch.command()
def g3p(
    output: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("data/g3p"),
    url: Annotated[str | None, typer.Option(help="Another address of the archive, such as a mirror.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Expected SHA-256 of the file at that address.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All storage variables, not only groundwater.")] = False,
) -> None:
    """Download G3P's groundwater storage anomalies, 0.5°, 2002-04 to 2023-09, from GFZ; no account needed."""
    from gwkeras.console import watched
    from gwkeras.download.g3p import URL, fetch_g3p

    with watched(output) as progress:
        fetched = fetch_g3p(output, url=url or URL, sha256=sha256, everything=everything, progress=progress)
    _say(output, len(fetched.files), len(fetched.fresh))


@fetch.command("era5-land")
def era5_land(
    output: Annotated[Path, typer.Option(help="Folder to write to: one file a year, or two if the store splits them.")] = Path(
        "data/era5_land"
    ),
    first_month: Annotated[
        str | None, typer.Option(help="First month, such as 1998-05; default: what the configuration needs.")
    ] = None,
    last_month: Annotated[
        str | None, typer.Option(help="Last month, such as 2023-09; default: what the configuration needs.")
    ] = None,
    south: _Degrees = None,
    north: _Degrees = None,
    west: _Degrees = None,
    east: _Degrees = None,
    channel: Annotated[list[str] | None, typer.Option(help="Climate channel, such as precipitation; may be repeated.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="YAML configuration with region, months and channels.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY.PATH=VALUE", help="Replace one key.")] = None,
) -> None:
    """Download ERA5-Land monthly means from the Climate Data Store, one request a year; needs an account and its key."""
    from dataclasses import replace

    from gwkeras.console import watched
    from gwkeras.core.config.tree import RegionConfig
    from gwkeras.core.config.yaml_file import from_dict, load_config, to_dict
    from gwkeras.download.era5_land import fetch_era5_land, order_for

    settled = load_config(config, settings or ())
    given = {"south": south, "north": north, "west": west, "east": east}
    region = settled.data.region
    if any(edge is not None for edge in given.values()):
        region = replace(region or RegionConfig(), **{name: edge for name, edge in given.items() if edge is not None})
    first, last = first_month or settled.data.first_month, last_month or settled.data.last_month
    data = replace(settled.data, region=region, first_month=first, last_month=last)
    settled = from_dict(to_dict(replace(settled, data=data)), "the command line")  # checks the edges and months
    order = order_for(settled, first=first_month, last=last_month, channels=channel or ())
    with watched(output) as progress:
        fetched = fetch_era5_land(output, order, progress=progress)
    _say(output, len(fetched.files), len(fetched.fresh))


def _say(folder: Path, files: int, fresh: int) -> None:
    typer.echo(f"Wrote {fresh} of {files} files in {folder}" if fresh else f"All {files} files are in {folder} already")
    typer.echo(f"Next: gwkeras inspect {folder}")
