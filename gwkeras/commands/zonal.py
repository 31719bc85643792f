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
    from gwkeras.application.opening import Wanted, open_application
    from gwkeras.console import watched
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.core.errors import BadInput
    from gwkeras.core.files.whole_file import replacing_path
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.run_folder import RunFolder

    folder = RunFolder(run or Path("runs") / load_config(None, ()).name)
    target = output or folder.root / "zonal.nc"
    if target.exists() and not overwrite:
        raise BadInput(target, expected="a name that is free", found="a file", remedy="give --overwrite, or another --output")
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
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing_path(target) as partial:
            found.to_netcdf(partial, engine="netcdf4", format="NETCDF4", encoding={"time": {"units": "days since 2002-01-01"}})
    for name, slope, sigma in zip(
        found["zone"].values, found["gwsa_trend"].values, found["gwsa_trend_sigma"].values, strict=True
    ):
        typer.echo(f"{name}: {slope:+.2f} ± {sigma:.2f} mm a year")
    typer.echo(f"Wrote {target} ({found.sizes['zone']} zones, {found.sizes['time']} months; ± one standard error)")
