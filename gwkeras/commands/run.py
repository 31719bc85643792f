"""`gwkeras run`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gwkeras.commands.options import (
    BuildersOption,
    ConfigOption,
    EastOption,
    NorthOption,
    SetOption,
    SouthOption,
    WestOption,
)

if TYPE_CHECKING:
    from gwkeras.core.config.tree import Config


class Target(StrEnum):
    """Where fine detail is learned from."""

    coarsen = "coarsen"
    product = "product"
    reference = "reference"
    bicubic = "bicubic"


def run(
    output: Annotated[Path, typer.Option(help="Run folder for all results, such as gwsa_fine.nc and report.md.")],
    gwsa: Annotated[list[Path] | None, typer.Option(help="Coarse storage: G3P, GRACE or any NetCDF; file or folder.")] = None,
    climate: Annotated[
        list[Path] | None, typer.Option(help="Climate: ERA5-Land, ERA5, GLDAS or any NetCDF; one or more files.")
    ] = None,
    static: Annotated[list[Path] | None, typer.Option(help="Fine maps; each 2-D variable becomes a covariate.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Fine truth, used only for scoring.")] = None,
    reference: Annotated[Path | None, typer.Option(help="Fine field for --target reference to learn from.")] = None,
    target: Annotated[Target | None, typer.Option(help="What fine detail is learned from; default: as configured.")] = None,
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    workers: BuildersOption = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a build or training of another configuration.")] = False,
) -> None:
    """Everything for your own files: fit or train, evaluate, export, downscale, report. If stopped, the same command resumes."""
    from gwkeras.core.box import Edges
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.files import with_files
    from gwkeras.pipeline.region import with_region
    from gwkeras.pipeline.whole import require_network_backend

    settled = with_files(
        load_config(config, settings or ()),
        gwsa=gwsa or (),
        climate=climate or (),
        static=static or (),
        truth=truth,
        reference=reference,
        target=target.value if target else None,
    )
    require_network_backend(settled)  # before the files are read
    settled, said = with_region(settled, Edges(south, north, west, east))
    if said:
        typer.echo(said)
    run_stages(settled, output, workers, overwrite)


def run_stages(
    config: Config, output: Path, workers: int, overwrite: bool, before: dict[str, float] | None = None, page: bool = False
) -> None:
    """All stages in a run folder, watched, and the table at the end.

    Args:
        config: what is done.
        output: run folder.
        workers: local processes that build shards.
        overwrite: replace a build or a training of another configuration.
        before: seconds that went before, by stage.
        page: whether report.html is written, too.
    """
    from gwkeras.console import show_scores, watched
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.whole import run_all
    from gwkeras.training.run_folder import RunFolder

    folder = RunFolder(output)
    with watched(output) as progress:
        experiment = Experiment(config, folder, progress, dict(before or {}), typed_command())
        evaluation = run_all(experiment, workers, overwrite)
    show_scores(evaluation)
    for note in experiment.all_notes:
        typer.echo(f"Note: {note}")
    if not experiment.names_network:
        typer.echo(
            "No network was trained, since `methods` has none. Add one there, or give gwkeras build-tfrecords --config "
            f"{folder.config} --run {output} and gwkeras train --run {output}; gwkeras evaluate then scores it, too."
        )
    typer.echo(f"Picture  {folder.picture}\nRecord   {folder.fine}\nReport   {folder.report}\nFigures  {folder.summary}")
    if page:
        from gwkeras.report.writing import write_whole_report

        typer.echo(f"Page     {write_whole_report([output], output).page}")
    else:
        typer.echo(f"Next: gwkeras report {output}, for one page with a map, series, tables and figures")
