"""The command line: one file a command. Rooms are imported inside the commands, so that `gwkeras --help` answers at once."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import gwkeras
from gwkeras.commands.ablate import ablate
from gwkeras.commands.build_tfrecords import build_tfrecords
from gwkeras.commands.calibrate import calibrate
from gwkeras.commands.decompose import decompose
from gwkeras.commands.demo import demo
from gwkeras.commands.downscale import downscale
from gwkeras.commands.evaluate import evaluate
from gwkeras.commands.explain import explain
from gwkeras.commands.export import export
from gwkeras.commands.fetch import fetch
from gwkeras.commands.gwsa import gwsa
from gwkeras.commands.inspect import inspect
from gwkeras.commands.options import SEVERAL
from gwkeras.commands.plot import plot
from gwkeras.commands.report import report
from gwkeras.commands.run import run
from gwkeras.commands.tch import tch
from gwkeras.commands.train import train
from gwkeras.commands.trend import trend
from gwkeras.commands.twin import twin
from gwkeras.commands.wells import wells
from gwkeras.commands.zonal import zonal

app = typer.Typer(
    name="gwkeras",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Downscale satellite groundwater storage from climate, maps and the satellite product, with error bars.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gwkeras {gwkeras.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Downscaling of satellite groundwater storage with physics-informed networks."""


for command in (
    demo,
    twin,
    run,
    build_tfrecords,
    train,
    evaluate,
    report,
    plot,
    calibrate,
    export,
    downscale,
    zonal,
    wells,
    trend,
    decompose,
    gwsa,
    tch,
    explain,
    inspect,
    ablate,
):
    app.command(command.__name__.replace("_", "-"))(command)
app.add_typer(fetch, name="fetch")


def _repeat_options(arguments: list[str]) -> list[str]:
    """`--climate A B` becomes `--climate A --climate B`: shells expand *.nc to that."""
    result: list[str] = []
    current = None
    for argument in arguments:
        if argument.startswith("-"):
            current = argument if argument in SEVERAL else None
        elif current and result[-1] != current:
            result.append(current)
        result.append(argument)
    return result


def main() -> None:
    """Entry point of the `gwkeras` command. Exit codes: 0 done, 1 failed, 2 wrong usage or bad input, 130 interrupted."""
    from gwkeras.core.errors import said_of
    from gwkeras.tensorflow_start import quiet_tensorflow

    quiet_tensorflow()
    os.environ.setdefault("MPLBACKEND", "Agg")
    # OpenBLAS spins while its threads wait: its second one gains nothing on matrices of this size, and beside other work costs
    # five times the processor time (docs/decisions.md). It reads this when numpy is imported, later on.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = _repeat_options(sys.argv[1:])
    debug = "--debug" in arguments
    if debug:  # wherever it stands
        arguments = ["--debug", *(argument for argument in arguments if argument != "--debug")]
    try:
        app(arguments)
    except Exception as error:
        if debug:
            raise
        known = said_of(error)
        if known is not None:
            typer.echo(f"gwkeras: {known}", err=True)
            sys.exit(known.exit_code)
        said = " ".join(str(error).split())[:300]
        typer.echo(f"gwkeras: failed, {type(error).__name__}: {said}; the same command with --debug shows where.", err=True)
        sys.exit(1)
