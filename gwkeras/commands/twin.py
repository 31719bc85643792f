"""`gwkeras twin`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
    make_twin(
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


def make_twin(folder: Path, **settings: object) -> dict[str, Path]:
    """The files of a world in `folder`, by name; `settings` are those of `gwkeras.twin.world.TwinConfig`."""
    from gwkeras.twin.observe import write_observations
    from gwkeras.twin.world import TwinConfig, make_world

    typer.echo(f"Making a world in {folder} …")
    files = write_observations(make_world(TwinConfig(**settings)), folder)  # type: ignore[arg-type]
    for name, path in files.items():
        typer.echo(f"  {name}: {path}")
    return files
