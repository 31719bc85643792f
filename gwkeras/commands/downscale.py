"""`gwkeras downscale`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import DegreesOption, RunOption, SchedulerOption, SetOption


def downscale(
    run: RunOption = None,
    output: Annotated[Path | None, typer.Option(help="NetCDF file to write; default: gwsa_fine.nc in the run folder.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Exported model to use instead of the run's: one version, or the folder of versions.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="TF Serving to use instead of the run's model: host:8500, or http://host:8501 for REST.")
    ] = None,
    model_name: Annotated[str, typer.Option(help="Name of the model on the server; NAME@3 or NAME@stable for one version.")] = "",
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds to wait for one answer of the server; default: 60.")
    ] = None,
    patience: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds after which to give up on a server that does not answer; default: 180.")
    ] = None,
    gwsa: Annotated[
        list[Path] | None, typer.Option(help="Coarse storage to use instead of the run's, such as a longer record.")
    ] = None,
    climate: Annotated[list[Path] | None, typer.Option(help="Climate files to use instead of the run's; one or more.")] = None,
    static: Annotated[list[Path] | None, typer.Option(help="Fine maps to use instead of the run's.")] = None,
    south: DegreesOption = None,
    north: DegreesOption = None,
    west: DegreesOption = None,
    east: DegreesOption = None,
    first_month: Annotated[str | None, typer.Option(help="First month, such as 2002-04; default: the first available.")] = None,
    last_month: Annotated[str | None, typer.Option(help="Last month, such as 2023-09; default: the last available.")] = None,
    method: Annotated[str | None, typer.Option(help="Name of one of the run's methods; default: the first.")] = None,
    factor: Annotated[
        int | None, typer.Option(min=1, max=64, help="Fine cells along the side of a coarse cell; default: as trained.")
    ] = None,
    append: Annotated[bool, typer.Option("--append", help="Append the months after the last one in the file.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    draws: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Number of random draws from the posterior, written to a second file, …_draws.nc."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Number of local processes.")] = 1,
    scheduler: SchedulerOption = None,
    config: Annotated[Path | None, typer.Option("--config", help="YAML configuration, if there is no run folder.")] = None,
    settings: SetOption = None,
) -> None:
    """Write the downscaled record of any region and months, as CF NetCDF with quality flags."""
    from gwkeras.application.drawing import draw_record, require_drawable
    from gwkeras.application.opening import Wanted, open_application, saved_model_or_server
    from gwkeras.application.writing import downscale_record
    from gwkeras.commands.analysis import free_path
    from gwkeras.console import watched
    from gwkeras.core.box import Edges
    from gwkeras.core.config.yaml_file import load_config, load_run_config
    from gwkeras.core.errors import BadInput
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    if append and overwrite:
        raise BadInput("--append", expected="one of --append and --overwrite", found="both", remedy="leave one out")
    if append and draws:
        raise BadInput(
            "--draws", expected="a record that is written whole", found="--append", remedy="give --overwrite in its place"
        )
    folder = RunFolder(run or Path("runs") / load_config(config, settings or ()).name)
    if server is None and (timeout or patience):
        raise BadInput("--timeout", expected="--server beside --timeout and --patience", found="none", remedy="leave them out")
    connect = saved_model_or_server(model, server, model_name, timeout, patience)
    trained = load_config(config) if connect and config and not folder.config.exists() else Experiment.open(folder.root).config
    kept = folder.config.exists()
    files = load_run_config(folder.config, settings or ()) if kept else load_config(config, settings or ())
    files = with_files(files, gwsa=gwsa or (), climate=climate or (), static=static or ())
    target = output or folder.fine
    if not (append or overwrite) and target.exists():  # said at once, not after the fields are read
        raise BadInput(
            target, expected="a name that is free", found="a file", remedy="give --overwrite or --append, or another --output"
        )
    drawn = target.with_name(f"{target.stem}_draws.nc")
    if draws:
        free_path(drawn, overwrite)
    wanted = Wanted(Edges(south, north, west, east).checked(), first_month, last_month, factor)
    with watched(target.parent) as progress:
        progress("reading", 0, 1)
        application = open_application(
            trained, folder, wanted, connect=connect, files=files, method_name=method, history=typed_command()
        )
        progress("reading", 1, 1)
        if draws:
            require_drawable(application.job, "--draws")  # said at once
        written = downscale_record(
            application.job,
            target,
            provenance=application.provenance,
            existing="append" if append else "overwrite" if overwrite else "refuse",
            months=application.months,
            workers=workers,
            scheduler=scheduler,
            progress=lambda done, total: progress("downscaling, fine cells", done, total),
        )
        if draws:
            draw_record(
                application.job,
                drawn,
                draws,
                months=application.months,
                provenance=application.provenance,
                progress=lambda done, total: progress("draws, months", done, total),
            )
    for note in application.notes:
        typer.echo(f"Note: {note}")
    bounds = "" if written.interval is None else f", with {100 * written.interval:g} % intervals"
    typer.echo(
        f"Wrote {written.path} ({written.months} months{bounds}; {written.conservation}; "
        f"{100 * written.extrapolating:.0f} % of the cells lie beyond the training range)"
    )
    if draws:
        typer.echo(f"Wrote {drawn} ({draws} draws of {len(application.months)} months)")
