"""`gwkeras zonal`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import RunOption


def zonal(
    zones: Annotated[
        Path,
        typer.Argument(
            help="Basins, aquifers or districts: polygons in degrees (GeoJSON, shapefile, ZIP) or a NetCDF map of labels."
        ),
    ],
    run: RunOption = None,
    output: Annotated[Path | None, typer.Option(help="NetCDF file to write; default: zonal.nc in the run folder.")] = None,
    method: Annotated[str | None, typer.Option(help="Name of one of the run's methods; default: the first.")] = None,
    first_month: Annotated[str | None, typer.Option(help="First month, such as 2002-04; default: the first available.")] = None,
    last_month: Annotated[str | None, typer.Option(help="Last month, such as 2023-09; default: the last available.")] = None,
    draws: Annotated[
        int, typer.Option(min=10, max=10_000, help="Number of random draws of the error, for standard errors.")
    ] = 100,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Means and trends of zones, with standard errors that account for correlated errors of neighbouring cells."""
    from gwkeras.analysis.zones import read_zones
    from gwkeras.application.analysis.zonal import zonal_record
    from gwkeras.application.dataset_file import write_dataset
    from gwkeras.application.opening import Wanted, open_application
    from gwkeras.commands.analysis import free_path
    from gwkeras.console import watched
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.run_folder import RunFolder

    folder = RunFolder(run or Path("runs") / load_config(None, ()).name)
    target = free_path(output or folder.root / "zonal.nc", overwrite)
    config = Experiment.open(folder.root).config
    with watched(folder.root) as progress:
        application = open_application(
            config,
            folder,
            Wanted(first_month=first_month, last_month=last_month),
            method_name=method,
            history=typed_command(),
        )
        found = zonal_record(
            application.job,
            application.months,
            read_zones(zones, application.job.domain.fine),
            draws=draws,
            provenance=application.provenance,
            progress=lambda done, total: progress("zones, months", done, total),
        )
        write_dataset(found, target)
    for name, slope, sigma in zip(
        found["zone"].values, found["gwsa_trend"].values, found["gwsa_trend_sigma"].values, strict=True
    ):
        typer.echo(f"{name}: {slope:+.2f} ± {sigma:.2f} mm a year")
    typer.echo(f"Wrote {target} ({found.sizes['zone']} zones, {found.sizes['time']} months; ± one standard error)")
