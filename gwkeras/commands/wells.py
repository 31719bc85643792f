"""`gwkeras wells`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gwkeras.commands.options import FieldsOption, RunOption, UnitsOption, VariablesOption


def wells(
    table: Annotated[Path | None, typer.Argument(help="CSV table of wells; can be given in --config instead.")] = None,
    product: Annotated[list[str] | None, typer.Option("--product", help="Coarse storage record (NetCDF).")] = None,
    fields: FieldsOption = None,
    variables: VariablesOption = None,
    units: UnitsOption = None,
    run: RunOption = None,
    methods: Annotated[
        list[str] | None, typer.Option("--method", help="With --run: name of one of its methods; default: all.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML file that describes the table's columns (docs/analysis.md).")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one key of that file; may be repeated.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="NetCDF file to write; tables go next to it. Default: wells.nc.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Compare the product and downscaled fields with wells: skill, gain from downscaling, and whether its detail is real."""
    from gwkeras.analysis.wells.settings import WellsConfig
    from gwkeras.application.analysis.wells import PRODUCT, judge_files, judge_run, write_wells
    from gwkeras.commands.analysis import described, free_path, named_sources
    from gwkeras.console import say_written, show_table, watched
    from gwkeras.core.config.section import load_section
    from gwkeras.core.errors import BadInput
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.report.pictures.wells_map import draw_wells
    from gwkeras.report.sections.wells import left_out_table, wells_table

    overrides = [*([f"table={table}"] if table else []), *(settings or ())]
    settled = load_section(WellsConfig, config, overrides)
    if (product is None) == (run is None):
        raise BadInput(
            "wells",
            expected="a product (--product FILE) or a run (--run FOLDER)",
            found="neither" if run is None else "both",
            remedy="give one of them",
        )
    target = free_path(output or (run or Path()) / "wells.nc", overwrite)
    given = [*(f"{PRODUCT}={path}" for path in product or ()), *(fields or ())]
    sources = named_sources(given, variables=variables, units=units)
    said = described(typed_command(), "wells against gridded storage", [Path(settled.table or "")])
    with watched(target.parent) as progress:
        if product is not None:
            found = judge_files(settled, sources.pop(PRODUCT), sources, attributes=said, progress=progress)
        else:
            assert run is not None
            applications = _applications(run, methods)
            found = judge_run(settled, applications, fields=sources, attributes=said, progress=progress)
        written = write_wells(found, target)
        picture = target.with_suffix(".png")
        draw_wells(found.data, picture)
    show_table(wells_table(found.data))
    if found.judged.dropped:
        show_table(left_out_table(found.data))
    say_written(", ".join(map(str, (*written, picture))), notes=str(found.data.attrs["notes"]).splitlines())


def _applications(run: Path, methods: list[str] | None):  # type: ignore[no-untyped-def]
    from gwkeras.application.opening import Wanted, open_application
    from gwkeras.methods.fitting import name_of
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.run_folder import RunFolder

    config = Experiment.open(run).config
    names = methods or [name_of(method) for method in config.methods]
    return {name: open_application(config, RunFolder(run), Wanted(), method_name=name) for name in names}
