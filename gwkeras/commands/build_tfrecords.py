"""`gwkeras build-tfrecords`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import (
    BuildersOption,
    ConfigOption,
    EastOption,
    NorthOption,
    RunOption,
    SchedulerOption,
    SetOption,
    SouthOption,
    WestOption,
)


def build_tfrecords(
    config: ConfigOption = None,
    settings: SetOption = None,
    run: RunOption = None,
    south: SouthOption = None,
    north: NorthOption = None,
    west: WestOption = None,
    east: EastOption = None,
    workers: BuildersOption = 1,
    scheduler: SchedulerOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a build of another configuration.")] = False,
) -> None:
    """Make training samples from NetCDF: checked TFRecord shards with a manifest. An interrupted build resumes."""
    from gwkeras.console import say_written, watched
    from gwkeras.core.box import Edges
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.region import with_region
    from gwkeras.training.run_folder import RunFolder

    settled, said = with_region(load_config(config, settings or ()), Edges(south, north, west, east))
    if said:
        typer.echo(said)
    folder = run or Path("runs") / settled.name
    with watched(folder) as progress:
        manifest = Experiment(settled, RunFolder(folder), progress).build(workers, scheduler, overwrite)
    counts = ", ".join(f"{manifest.samples_of(s)} {s}" for s in dict.fromkeys(s.split for s in manifest.shards))
    say_written(f"{folder}/shards ({counts})", f"gwkeras train --run {folder}", manifest.notes)
