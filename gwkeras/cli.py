"""The command line. Rooms are imported inside the commands, so that `gwkeras --help` answers at once."""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gwkeras
from gwkeras.commands.ablate import ablate
from gwkeras.commands.downscale import downscale
from gwkeras.commands.fetch import fetch
from gwkeras.commands.inspect import inspect
from gwkeras.commands.train import train

if TYPE_CHECKING:
    from gwkeras.core.config.tree import Config
    from gwkeras.pipeline.experiment import Experiment

app = typer.Typer(
    name="gwkeras",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Downscaling of satellite groundwater storage with physics-informed networks.",
)


class Target(StrEnum):
    """Where fine detail is learned from."""

    coarsen = "coarsen"
    reference = "reference"
    bicubic = "bicubic"


ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML configuration; see configs/default.yaml.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY.PATH=VALUE", help="Replace one key; may be repeated.")]
RunOption = Annotated[Path | None, typer.Option("--run", help="Run folder; by default runs/<name of the configuration>.")]
WorkersOption = Annotated[int, typer.Option(min=1, max=256, help="Local processes that build shards.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace a build of another configuration.")]

_SEVERAL = ("--gwsa", "--climate", "--static")


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


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Run folder.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another world.")] = 0,
    settings: SetOption = None,
) -> None:
    """A synthetic world, downscaled and judged against its truth: `twin` and `run` in one."""
    from gwkeras.core.config.yaml_file import load_config, shipped_config
    from gwkeras.pipeline.files import with_files

    started = time.perf_counter()
    files = _make_twin(output / "world", seed=seed)
    twin_seconds = time.perf_counter() - started
    config = with_files(
        load_config(shipped_config("demo"), settings or ()),
        gwsa=[files["gwsa"]],
        climate=[files["climate"]],
        static=[files["static"]],
        truth=files["truth"],
    )
    _run_all(config, output, workers=1, overwrite=True, before={"twin": twin_seconds})


@app.command()
def twin(
    output: Annotated[Path, typer.Option(help="Folder for gwsa, climate, static and truth.")],
    seed: Annotated[int, typer.Option(min=0)] = 0,
    south: Annotated[float, typer.Option(help="Degrees north.")] = 15.0,
    north: float = 35.0,
    west: Annotated[float, typer.Option(help="Degrees east.")] = 70.0,
    east: float = 94.0,
    factor: Annotated[int, typer.Option(help="Fine cells along a side of a 0.5° cell.")] = 4,
    noise: Annotated[float, typer.Option(help="Standard deviation of the product's noise, mm.")] = 3.0,
    gaussian_km: Annotated[float, typer.Option(help="Radius of the product's Gaussian filter, km; 0: none.")] = 0.0,
) -> None:
    """A world whose fine truth is known, in the public formats of G3P and ERA5-Land."""
    _make_twin(
        output,
        seed=seed,
        south=south,
        north=north,
        west=west,
        east=east,
        fine_step=0.5 / factor,
        factor=factor,
        noise_mm=noise,
        gaussian_km=gaussian_km,
    )


@app.command()
def run(
    output: Annotated[Path, typer.Option(help="Run folder; gwsa_fine.nc, report.md and summary.json land in it.")],
    gwsa: Annotated[list[Path] | None, typer.Option(help="Coarse storage: G3P, GRACE or any NetCDF; a file or a folder.")] = None,
    climate: Annotated[list[Path] | None, typer.Option(help="Climate: ERA5-Land, ERA5, GLDAS, any NetCDF; one or more.")] = None,
    static: Annotated[list[Path] | None, typer.Option(help="Fine maps; each 2-D variable becomes a covariate.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Fine truth, only looked at to judge.")] = None,
    reference: Annotated[Path | None, typer.Option(help="Fine field that --target reference learns.")] = None,
    target: Annotated[Target | None, typer.Option(help="Where fine detail is learned from; by default as configured.")] = None,
    config: ConfigOption = None,
    settings: SetOption = None,
    workers: WorkersOption = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a build or training of another configuration.")] = False,
) -> None:
    """The whole way on your own files: build, train, evaluate, export, downscale, report. Stopped, the same command goes on."""
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.files import with_files

    settled = with_files(
        load_config(config, settings or ()),
        gwsa=gwsa or (),
        climate=climate or (),
        static=static or (),
        truth=truth,
        reference=reference,
        target=target.value if target else None,
    )
    _run_all(settled, output, workers, overwrite)


@app.command("build-tfrecords")
def build_tfrecords(
    config: ConfigOption = None,
    settings: SetOption = None,
    run: RunOption = None,
    workers: WorkersOption = 1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a running Dask cluster that does the work.")] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Samples from NetCDF, as checked shards with a manifest. An interrupted build goes on where it was."""
    from gwkeras.console import watched
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.run_folder import RunFolder

    settled = load_config(config, settings or ())
    folder = run or Path("runs") / settled.name
    with watched(folder) as progress:
        manifest = Experiment(settled, RunFolder(folder), progress).build(workers, scheduler, overwrite)
    counts = ", ".join(f"{manifest.samples_of(s)} {s}" for s in dict.fromkeys(s.split for s in manifest.shards))
    _done(f"{folder}/shards ({counts})", f"gwkeras train --run {folder}", manifest.notes)


app.command()(train)


@app.command()
def evaluate(run: RunOption = None, config: ConfigOption = None, settings: SetOption = None) -> None:
    """All methods on the held-out months, on one footing."""
    from gwkeras.console import show_scores

    with _experiment(run, config, settings) as experiment:
        evaluation = experiment.evaluate()
    show_scores(evaluation)
    written = experiment.run
    _done(f"{written.report}, {written.picture}, {written.evaluation}", f"gwkeras export --run {written.root}")


@app.command()
def export(
    run: RunOption = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the model's versions, such as saved_models/NAME.")] = None,
) -> None:
    """A SavedModel for TF Serving, in physical units."""
    with _experiment(run) as experiment:
        folder = experiment.export(output or Path("saved_models") / experiment.config.name)
    _done(str(folder), f"gwkeras downscale --run {experiment.run.root}")


app.command()(downscale)
app.command()(inspect)
app.command()(ablate)
app.add_typer(fetch, name="fetch")


def _make_twin(folder: Path, **settings: object) -> dict[str, Path]:
    from gwkeras.twin.observe import write_observations
    from gwkeras.twin.world import TwinConfig, make_world

    typer.echo(f"Making a world in {folder} …")
    files = write_observations(make_world(TwinConfig(**settings)), folder)  # type: ignore[arg-type]
    for name, path in files.items():
        typer.echo(f"  {name}: {path}")
    return files


def _run_all(config: Config, output: Path, workers: int, overwrite: bool, before: dict[str, float] | None = None) -> None:
    from gwkeras.console import show_scores, watched
    from gwkeras.core.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.whole import run_all
    from gwkeras.training.run_folder import RunFolder

    folder = RunFolder(output)
    with watched(output) as progress:
        evaluation = run_all(Experiment(config, folder, progress, dict(before or {}), typed_command()), workers, overwrite)
    show_scores(evaluation)
    typer.echo(f"Picture  {folder.picture}\nRecord   {folder.fine}\nReport   {folder.report}\nFigures  {folder.summary}")


class _experiment:
    """The experiment of a run folder, with progress shown while the block runs."""

    def __init__(self, run: Path | None, config: Path | None = None, settings: list[str] | None = None) -> None:
        self._run, self._config, self._settings = run, config, settings or []

    def __enter__(self) -> Experiment:
        from dataclasses import replace

        from gwkeras.console import watched
        from gwkeras.core.config.yaml_file import load_config
        from gwkeras.pipeline.experiment import Experiment

        folder = self._run or Path("runs") / load_config(self._config, self._settings).name
        self._watched = watched(folder)
        experiment = Experiment.open(folder)
        if self._config or self._settings:
            experiment = replace(experiment, config=load_config(self._config or experiment.run.config, self._settings))
        return replace(experiment, progress=self._watched.__enter__())

    def __exit__(self, *error: object) -> None:
        self._watched.__exit__(*error)  # type: ignore[arg-type]


def _done(wrote: str, following: str | None = None, notes: tuple[str, ...] = ()) -> None:
    for note in notes:
        typer.echo(f"Note: {note}")
    typer.echo(f"Wrote {wrote}")
    if following:
        typer.echo(f"Next: {following}")


def _repeat_options(arguments: list[str]) -> list[str]:
    """`--climate A B` becomes `--climate A --climate B`: shells expand *.nc to that."""
    result: list[str] = []
    current = None
    for argument in arguments:
        if argument.startswith("-"):
            current = argument if argument in _SEVERAL else None
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
