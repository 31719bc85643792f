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
        str,
        typer.Option(
            help="default: one device; mirrored: several devices of this machine; multi-worker: the machines in TF_CONFIG."
        ),
    ] = "default",
    devices: Annotated[
        str, typer.Option(help="Devices, such as gpu:0,gpu:1, or cpu:2 for two logical processors; default: all GPUs.")
    ] = "",
    precision: Annotated[
        str | None, typer.Option(help="float32, mixed_bfloat16 or mixed_float16; default: as configured.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume a stopped training.")] = False,
) -> None:
    """Train the network on the run's shards, on one or several devices."""
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
                "interrupted; finished epochs are kept, and the same command with --resume restarts the one that was running."
            ) from None
        except Exception as error:
            if isinstance(error, GwkerasError) or not disk_is_full(error):
                raise
            raise BadInput(
                folder,
                expected="room on the disk",
                found="a full disk",
                remedy="free some space and give the same command again with --resume; finished epochs are kept",
            ) from error
    how = ", chosen one scale up" if trained.transfer else ""
    if chosen.is_chief:
        typer.echo(
            f"Wrote {experiment.run.network} ({trained.epochs:.1f} passes over the samples{how}; peak memory {trained.memory})"
        )
        typer.echo(f"Next: gwkeras evaluate --run {folder}")
