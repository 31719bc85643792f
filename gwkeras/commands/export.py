"""`gwkeras export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import RunOption


def export(
    run: RunOption = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the model's versions, such as saved_models/NAME.")] = None,
) -> None:
    """Export a SavedModel for TF Serving, in physical units."""
    from gwkeras.commands.experiment import opened
    from gwkeras.console import say_written

    with opened(run) as experiment:
        folder = experiment.export(output or Path("saved_models") / experiment.config.name)
    say_written(str(folder), f"gwkeras downscale --run {experiment.run.root}")
