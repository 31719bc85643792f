"""`gwkeras demo`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import SetOption


def demo(
    output: Annotated[Path, typer.Option(help="Run folder.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world.")] = 0,
    gaussian_km: Annotated[float, typer.Option(help="Half-weight radius of the product's Gaussian filter, km; 0: none.")] = 250.0,
    settings: SetOption = None,
) -> None:
    """Downscale a synthetic world and score it against its truth: `twin` and `run` in one."""
    from gwkeras.commands.run import run_stages
    from gwkeras.commands.twin import make_twin
    from gwkeras.core.config.yaml_file import load_config, shipped_config
    from gwkeras.pipeline.files import with_files

    started = time.perf_counter()
    files = make_twin(output / "world", seed=seed, gaussian_km=gaussian_km)
    twin_seconds = time.perf_counter() - started
    config = with_files(
        load_config(shipped_config("demo"), settings or ()),
        gwsa=[files["gwsa"]],
        climate=[files["climate"]],
        static=[files["static"]],
        truth=files["truth"],
    )
    run_stages(config, output, workers=1, overwrite=True, before={"twin": twin_seconds}, page=True)
