"""`gwkeras explain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import FirstMonthOption, LastMonthOption, RunOption


class By(StrEnum):
    """What a prediction is divided by."""

    group = "group"
    feature = "feature"
    coefficient = "coefficient"


def explain(
    run: RunOption = None,
    method: Annotated[str | None, typer.Option(help="Name of one of the run's methods; default: the first.")] = None,
    by: Annotated[
        By,
        typer.Option(
            help="group: climate channels, maps and product, for any method; feature: of its prior; coefficient: GNNWR's maps."
        ),
    ] = By.group,
    months: Annotated[int, typer.Option(min=1, max=1200, help="Number of months, spread evenly over the record.")] = 12,
    first_month: FirstMonthOption = None,
    last_month: LastMonthOption = None,
    rows: Annotated[
        int, typer.Option(min=10, max=100_000, help="Number of samples (cells and months) for priors that need the shap package.")
    ] = 200,
    output: Annotated[Path | None, typer.Option(help="NetCDF file to write; default: explain.nc in the run folder.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """What a method bases its prediction on: Shapley values of its inputs, or maps of local coefficients."""
    from gwkeras.application.analysis.explain import explain_coefficients, explain_features, explain_groups
    from gwkeras.application.dataset_file import write_dataset
    from gwkeras.application.opening import Wanted, open_application
    from gwkeras.commands.analysis import described, free_path
    from gwkeras.console import say_written, show_table, watched
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.report.sections.explain import coefficient_table, importance_table
    from gwkeras.training.run_folder import RunFolder

    folder = RunFolder(run or Path("runs") / load_config(None, ()).name)
    target = free_path(output or folder.root / "explain.nc", overwrite)
    config = Experiment.open(folder.root).config
    wanted = Wanted(first_month=first_month, last_month=last_month)
    said = described(typed_command(), "Shapley values")
    with watched(folder.root) as progress:
        application = open_application(config, folder, wanted, method_name=method, history=typed_command())
        if by is By.group:
            found = explain_groups(application, months, attributes=said, progress=progress)
        elif by is By.coefficient:
            found = explain_coefficients(application, months, attributes=said)
        else:
            found = explain_features(application, months, rows=rows, attributes=said, progress=progress)
    write_dataset(found.data, target)
    show_table(coefficient_table(found.data) if by is By.coefficient else importance_table(found.data))
    say_written(str(target), notes=(*application.notes, *found.notes))
