"""`gwkeras twin`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gwkeras.twin.given_climate import GivenClimate

_GRAVITY = 9.80665  # m s-2


def twin(
    output: Annotated[Path, typer.Option(help="Folder for the storage, climate, static and truth files.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world.")] = 0,
    world: Annotated[
        str, typer.Option(help="basins, arid-plain, monsoon-mountains, boreal, irrigated-basin or island-coast.")
    ] = "basins",
    hydrology: Annotated[
        str, typer.Option(help="cascade: several stores in series; linear: one store; infiltration: VIC-type soil, no delay.")
    ] = "cascade",
    climate: Annotated[
        list[Path] | None,
        typer.Option(help="Real climate to drive the world, in its own region and months; one or more files."),
    ] = None,
    south: Annotated[float | None, typer.Option(help="Southern edge, degrees north; default: the world's own region.")] = None,
    north: Annotated[float | None, typer.Option(help="Northern edge, degrees north.")] = None,
    west: Annotated[float | None, typer.Option(help="Western edge, degrees east.")] = None,
    east: Annotated[float | None, typer.Option(help="Eastern edge, degrees east.")] = None,
    factor: Annotated[int, typer.Option(help="Fine cells along the side of a 0.5° cell.")] = 4,
    noise: Annotated[float, typer.Option(help="Stated standard deviation of the product's noise, mm.")] = 3.0,
    noise_times: Annotated[float, typer.Option(help="True noise as a multiple of the stated noise.")] = 1.0,
    noise_km: Annotated[
        float | None, typer.Option(help="Correlation length of the noise, km; default: 167; 0: uncorrelated.")
    ] = None,
    gaussian_km: Annotated[
        float | None,
        typer.Option(help="Half-weight radius of the product's Gaussian filter, km; default: 250, as for G3P; 0: none."),
    ] = None,
    stated_km: Annotated[
        float | None, typer.Option(help="Radius stated in the product's file, km; default: the true one; 0: none stated.")
    ] = None,
    first_month: Annotated[str | None, typer.Option(help="First month of the product, such as 2002-04.")] = None,
    last_month: Annotated[str | None, typer.Option(help="Last month of the product, such as 2023-09.")] = None,
    climate_first_month: Annotated[
        str | None, typer.Option(help="First month of the climate, which begins before the product.")
    ] = None,
) -> None:
    """A synthetic world with a known fine truth, in the public formats of G3P and ERA5-Land."""
    asked = {
        "south": south,
        "north": north,
        "west": west,
        "east": east,
        "noise_km": noise_km,
        "gaussian_km": gaussian_km,
        "stated_km": stated_km,
        "first_month": first_month,
        "last_month": last_month,
        "climate_first_month": climate_first_month,
    }
    make_twin(
        output,
        world=world,
        climate=climate or (),
        seed=seed,
        hydrology=hydrology,
        fine_step=0.5 / max(factor, 1),
        factor=factor,
        noise_mm=noise,
        noise_times=noise_times,
        **{name: value for name, value in asked.items() if value is not None},
    )


def make_twin(folder: Path, world: str = "basins", climate: Sequence[Path] = (), **settings: Any) -> dict[str, Path]:
    """The files of a world, by name.

    Args:
        folder: for the files.
        world: the family.
        climate: files of a real climate to drive it; the climate is then not among the files returned.
        settings: of `gwkeras.twin.world.TwinConfig`.
    """
    from gwkeras.twin.observe import write_observations
    from gwkeras.twin.world import TwinConfig, make_world

    given = real_climate(climate) if climate else None
    config = TwinConfig.of(world, given, **settings)
    typer.echo(f"Making a world in {folder} …")
    files = write_observations(make_world(config, given), folder)
    for name, path in files.items():
        typer.echo(f"  {name}: {path}")
    if climate:
        typer.echo(f"  climate: {', '.join(map(str, climate))} (yours)")
    return files


def real_climate(paths: Sequence[Path]) -> GivenClimate:
    """A climate record to drive a world with.

    Args:
        paths: files with precipitation and temperature; heights and a land mask are taken from them where they hold them.
    Raises: BadInput: where a file cannot be read or a channel is missing.
    """
    import numpy as np

    from gwkeras.core.config.tree import SourceConfig
    from gwkeras.core.errors import BadInput, UnknownVariable
    from gwkeras.fields.canonical import grid_of
    from gwkeras.fields.readers import read_climate, read_static
    from gwkeras.twin.given_climate import GivenClimate

    source = SourceConfig(path=tuple(str(path.absolute()) for path in paths))
    channels = read_climate(source)
    for name in ("precipitation", "temperature"):
        if name not in channels:
            raise UnknownVariable(
                ", ".join(map(str, paths)),
                expected="precipitation and temperature",
                found=", ".join(channels) or "neither",
                remedy=f"add a file with {name}",
            )
    months = np.intersect1d(channels["precipitation"]["time"].values, channels["temperature"]["time"].values)
    rain, heat = (channels[name].sel(time=months) for name in ("precipitation", "temperature"))
    grid = grid_of(rain)
    try:
        found = read_static(source)
    except BadInput:  # no maps in it: climate alone
        found = {}
    maps: dict[str, np.ndarray] = {}
    for name, value in found.items():
        unit = str(value.attrs.get("units", "")).replace("**", "")
        if name == "land":
            maps.setdefault("land", value.values)
        elif unit == "m2 s-2":
            maps.setdefault("elevation", value.values / _GRAVITY)
        elif name == "elevation" or value.attrs.get("standard_name") == "surface_altitude":
            maps.setdefault("elevation", value.values)
    maps = {name: values for name, values in maps.items() if values.shape == grid.shape}
    return GivenClimate(
        grid,
        months.astype("datetime64[M]"),
        np.asarray(rain.values, np.float32),
        np.asarray(heat.values, np.float32),
        maps.get("elevation"),
        maps.get("land"),
        tuple(paths),
    )
