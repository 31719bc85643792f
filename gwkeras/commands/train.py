"""`gwkeras train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import ConfigOption, RunOption, SetOption


def train(
    run: RunOption = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    strategy: Annotated[
        str, typer.Option(help="default: one device; mirrored: several of this machine; multi-worker: the machines of TF_CONFIG.")
    ] = "default",
    devices: Annotated[
        str, typer.Option(help="Such as gpu:0,gpu:1; cpu:2 for two logical processors; by default all GPUs.")
    ] = "",
    precision: Annotated[
        str | None, typer.Option(help="float32, mixed_bfloat16 or mixed_float16; by default as configured.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
) -> None:
    """The network, from the run's shards; several devices make the steps that one would make."""
    from dataclasses import replace

    from gwkeras.console import watched
    from gwkeras.core.config.yaml_file import load_config, load_run_config
    from gwkeras.core.errors import BadInput, GwkerasError, Interrupted, disk_is_full
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.strategies.devices import open_devices

    changes = [*(settings or ()), *([f"training.precision={precision}"] if precision else [])]
    folder = run or Path("runs") / load_config(config, settings or ()).name
    experiment = Experiment.open(folder)
    if config or changes:
        given = load_config(config, changes) if config else load_run_config(experiment.run.config, changes)
        experiment = replace(experiment, config=given)
    chosen = open_devices(strategy, devices, lambda: typer.echo("Waiting for all workers of TF_CONFIG …", err=True))
    with watched(folder) as progress:
        try:
            trained = replace(experiment, progress=progress).train(chosen, resume)
        except KeyboardInterrupt:
            raise Interrupted(
                "interrupted; every finished epoch is kept, and the same command with --resume goes on at the start of the one "
                "that was running."
            ) from None
        except Exception as error:
            if isinstance(error, GwkerasError) or not disk_is_full(error):
                raise
            raise BadInput(
                folder,
                expected="room on the disk",
                found="a full disk",
                remedy="free some space and give the same command again with --resume; every finished epoch is kept",
            ) from error
    how = ", as many as carry over best from one scale up" if trained.transfer else ""
    if chosen.is_chief:
        typer.echo(
            f"Wrote {experiment.run.network} ({trained.epochs:.1f} passes over the samples{how}; peak memory {trained.memory})"
        )
        typer.echo(f"Next: gwkeras evaluate --run {folder}")
