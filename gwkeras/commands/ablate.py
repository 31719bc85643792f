"""`gwkeras ablate`."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import ConfigOption


class Named(StrEnum):
    """Grids of variants that have a name."""

    components = "components"
    memory = "memory"
    all = "all"


def ablate(
    config: ConfigOption = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Folder of the study; default: runs/<name of the configuration>-ablation.")
    ] = None,
    study: Annotated[
        Named | None,
        typer.Option(help="components: without ConvLSTM, physics or uncertainty head; memory: several lengths; default: both."),
    ] = None,
    grid: Annotated[
        Path | None, typer.Option(help="YAML file with your own variants: for each a name and the keys that it changes.")
    ] = None,
    seeds: Annotated[str, typer.Option(help="Number of seeds, or a list such as 0,1,2.")] = "3",
    months: Annotated[str, typer.Option(help="Lengths of memory in months.")] = "1,3,6,12",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Replace one configuration key in all variants; may be repeated."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Local processes that build shards.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace trainings of another configuration.")] = False,
) -> None:
    """What each part of the network contributes: variants of a configuration, trained with several seeds, in one table."""
    from gwkeras.ablation.variants import changes_methods, components, memory, months_of, read_grid, seeds_of, without_twins
    from gwkeras.core.config.network_method import names_network, network_alone
    from gwkeras.core.config.yaml_file import load_config

    settled = load_config(config, settings or ())
    chosen = study or (Named.all if grid is None else None)
    own = [read_grid(grid)] if grid else []
    told = []
    if not names_network(settled) and (chosen or not changes_methods(own)):
        settled = replace(settled, methods=(network_alone(),))
        told.append("the network's parts are compared although `methods` has no network.")
    suites = [components()] if chosen in (Named.components, Named.all) else []
    suites += [memory(months_of(months), settled.sample.months)] if chosen in (Named.memory, Named.all) else []
    suites += own
    named = [variant.name for suite in suites for variant in suite.variants]
    suites = [without_twins(suite, settled) for suite in suites]
    kept = {variant.name for suite in suites for variant in suite.variants}
    told += [f"'{name}' is the same as the configuration, and is left out." for name in named if name not in kept]
    numbers = seeds_of(seeds, settled.training.seed)

    from gwkeras.ablation.study import Study, run_study, trials_of
    from gwkeras.console import show_table, watched
    from gwkeras.core.process.command_line import typed_command

    folder = run or Path("runs") / f"{settled.name}-ablation"
    planned = Study(folder, settled, tuple(suites), numbers, typed_command())
    typer.echo(f"{len(trials_of(planned))} trainings in {folder}; if stopped, give the same command again to resume.")
    with watched(folder) as progress:
        report = run_study(planned, progress, workers=workers, overwrite=overwrite)
    for suite in planned.suites:
        show_table(report.short(suite))
    for note in (*told, *report.notes):
        typer.echo(f"Note: {note}")
    typer.echo(f"Wrote {planned.table}, {planned.figures}")
