"""`gwkeras calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    method: Annotated[str | None, typer.Option(help="Name of one of the run's methods; default: the first.")] = None,
    probability: Annotated[
        float | None, typer.Option(min=0.01, max=0.999, help="Probability of the intervals; default: downscale.interval.")
    ] = None,
    span_months: Annotated[int, typer.Option(min=1, max=240, help="Longest span of a held-out group, months.")] = 12,
    block_degrees: Annotated[
        float | None,
        typer.Option(min=0.1, max=180, help="Side of a held-out group's block of cells; default: from split.block_cells."),
    ] = None,
) -> None:
    """Recalibrate error bars on held-out product, with other groups or another probability; nothing is fitted again."""
    from dataclasses import replace

    from gwkeras.application.opening import choose_method
    from gwkeras.commands.experiment import opened
    from gwkeras.domain.opening import open_domain
    from gwkeras.methods.error_bars.by_held_out_product import Grouping
    from gwkeras.methods.fitting import calibrate_again

    with opened(run) as experiment:
        chosen = choose_method(experiment.config, experiment.run, method)
        domain = open_domain(experiment.fields, experiment.config, experiment.run.cache, experiment.split)
        training = experiment.training(domain)
        usual = Grouping.usual(training)
        grouping = replace(
            usual,
            probability=probability or usual.probability,
            span_months=span_months,
            block_degrees=block_degrees or usual.block_degrees,
            strict=True,
        )
        found = calibrate_again(chosen, training, grouping, experiment.progress)
    assert found.calibration is not None
    assert found.detail is not None
    told = found.calibration
    typer.echo(
        f"{found.name}: {100 * told.interval:g} % intervals are mean ± {told.interval_factor:.2f} σ, from {told.basis}; "
        f"σ of the update × {found.detail.scale:.2f}, γ² = {found.detail.share:.2f}"
    )
    typer.echo(f"Next: gwkeras evaluate --run {run}")
