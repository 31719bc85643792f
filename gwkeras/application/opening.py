"""From a request ("this region, these months, that model") to a job that downscales it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import gwkeras
from gwkeras.application.provenance import provenance, trained_range
from gwkeras.application.writing import Job
from gwkeras.core.box import Edges
from gwkeras.core.config.network_method import with_network
from gwkeras.core.config.tree import Config, DataConfig, MethodConfig, RegionConfig
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import Month, within
from gwkeras.core.progress import silent
from gwkeras.core.retry import Patience
from gwkeras.data.manifest import MANIFEST, Manifest, read_manifest
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import divide_record, open_domain
from gwkeras.fields.record import Fields, read_fields
from gwkeras.fields.writing.writer import Provenance
from gwkeras.methods.composition import Composition
from gwkeras.methods.fitting import fit_method, kept_method, name_of
from gwkeras.methods.point_spread import with_kept_point_spread, with_point_spread
from gwkeras.methods.training import Training
from gwkeras.methods.updates.none import NoUpdate
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.serving.served_model import ServedModel


@dataclass(frozen=True)
class Wanted:
    """Which part of which months, and how fine; None: all that the run has, as fine as it was trained.

    Args:
        edges: of the box; they are widened to whole coarse cells.
        first_month: the first that is wanted, such as "2002-04".
        last_month: the last, likewise.
        factor: s.
    """

    edges: Edges = Edges()
    first_month: str | None = None
    last_month: str | None = None
    factor: int | None = None


@dataclass(frozen=True)
class Application:
    """A job, its months, the provenance of its numbers, and notes for the user."""

    job: Job
    months: list[Month]
    provenance: Provenance
    notes: tuple[str, ...] = ()


def open_application(
    config: Config,
    run: RunFolder,
    wanted: Wanted,
    *,
    connect: Callable[[], ServedModel] | None = None,
    files: Config | None = None,
    method_name: str | None = None,
    history: str = f"gwkeras {gwkeras.__version__}: open_application",
) -> Application:
    """Reads the fields and makes the job.

    Args:
        config: of the run.
        run: whose methods, calibration and shards' statistics are used, as far as `connect` is not given.
        connect: opens an exported model, in a folder or behind a server, that takes the place of the run's network.
        files: a configuration with other files for the same quantities, such as those of the newest month.
        method_name: of the run's methods; None: the first.
        history: the command that asks for it, for the file that is written; by default the name of this function.
    Raises: BadInput: where the model was trained on other channels, region or months hold no data, or the run is not whole.
    """
    manifest = read_manifest(run.shards) if (run.shards / MANIFEST).exists() else None
    wanted_interval = (files or config).downscale.interval
    chosen = None if connect else choose_method(config, run, method_name)
    if chosen is not None and chosen.prior.needs_shards and manifest is not None:
        Calibration.read(run.calibration).at(wanted_interval)  # refused before files are read
    model = connect() if connect else None
    notes: tuple[str, ...] = ()
    if model is not None and model.interval != wanted_interval:
        notes = (
            f"The exported model was made with {100 * model.interval:g} % intervals, which are written; downscale.interval "
            f"({wanted_interval:g}) is ignored.",
        )
    factor = wanted.factor or (model.model_info.factor if model else config.sample.factor)
    source = _widened(files or config, wanted)
    source = replace(source, sample=replace(source.sample, factor=factor))
    fields, part = _fields_and_part(source, wanted.edges)
    fields = with_kept_point_spread(fields, run)
    domain = open_domain(fields, source, run.cache, manifest.split if manifest else None)
    if manifest is not None and (chosen is None or chosen.prior.needs_shards):
        _require_channels(domain, manifest)
        _require_step(domain, manifest)
    if model is not None:
        method = _exported(model, source, domain)
    else:
        assert chosen is not None
        method = _of_the_run(chosen, config, run, manifest, domain, source)
    job = Job(method, domain, trained_range(manifest), part)
    months = months_between(domain, wanted.first_month, wanted.last_month)
    return Application(job, months, provenance(config, fields, run, method, history), notes)


def choose_method(config: Config, run: RunFolder, name: str | None) -> MethodConfig:
    """The method of that name; the first where none is named.

    Args:
        config: of the run.
        run: a network that was trained there can be named too, whether the configuration names it or not.
        name: as it stands in tables.
    Raises: BadInput: where there is none of that name.
    """
    if name is None:
        return config.methods[0]
    there = with_network(config) if run.network.exists() else config
    named = {name_of(method): method for method in there.methods}
    if name not in named:
        raise BadInput("--method", expected=f"one of {', '.join(named)}", found=f"'{name}'", remedy="name one of these")
    return named[name]


def _exported(model: ServedModel, source: Config, domain: Domain) -> Composition:
    from gwkeras.methods.network.trained import exported_method

    model.model_info.require(
        domain.sample_shape(model.model_info.divisor, model.model_info.divisor),
        (domain.coarse.lat_step, domain.coarse.lon_step),
    )
    return Composition("model", exported_method(model, source.downscale), NoUpdate())


def _of_the_run(
    method: MethodConfig, config: Config, run: RunFolder, manifest: Manifest | None, domain: Domain, source: Config
) -> Composition:
    """As it was fitted for the run; where that has not been done, it is done now, on the run's own files."""
    kept = kept_method(method, domain, source, run, config.sample.factor)
    if kept is not None:
        return kept
    fields = _read(config.data)
    split = manifest.split if manifest else divide_record(fields, config, run.cache)
    fields = with_point_spread(fields, split, run)
    own = open_domain(fields, config, run.cache, split)
    fitted = fit_method(method, Training(own, split, config, run, config.training.seed), silent)
    return kept_method(method, domain, source, run, config.sample.factor) or fitted  # kept: with the interval that is asked for


def months_between(domain: Domain, first: str | None, last: str | None) -> list[Month]:
    """The months of `domain` from `first` to `last`, both included.

    The record itself is not cut there: the month before the first is its predecessor, and stays known.
    Raises: MissingMonths: where there are none.
    """
    kept = within(domain.months, first, last)
    if not kept.any():
        raise MissingMonths(
            "months",
            expected=f"some from {first or 'the first'} to {last or 'the last'}",
            found=f"storage with a whole climate sequence from {str(domain.months[0])[:7]} to {str(domain.months[-1])[:7]}",
            remedy="ask for other months, or give longer records",
        )
    return list(domain.months[kept])


def cells_touched(grid: Grid, edges: Edges) -> tuple[slice, slice] | None:
    """Rows and columns of the cells that the box touches; None where the box reaches beyond `grid`."""
    found = []
    for low, high, start, step, count in (
        (edges.south, edges.north, grid.south, grid.lat_step, grid.n_lat),
        (edges.west, edges.east, grid.west, grid.lon_step, grid.n_lon),
    ):
        first = 0 if low is None else int(np.floor((low - start) / step + 1e-6))
        last = count if high is None else int(np.ceil((high - start) / step - 1e-6))
        if first < 0 or last > count or first >= last:
            return None
        found.append(slice(first, last))
    return found[0], found[1]


def _fields_and_part(config: Config, edges: Edges) -> tuple[Fields, tuple[slice, slice] | None]:
    """The run's domain where it holds the box, so that numbers do not depend on the box; else the box alone."""
    fields = _read(config.data)
    if not edges.given:
        return fields, fields.part
    part = cells_touched(fields.grid, edges)
    if part is not None:
        return fields, part
    whole = fields.box or RegionConfig(fields.grid.south, fields.grid.north, fields.grid.west, fields.grid.east)
    box = replace(whole, **{name: edge for name, edge in vars(edges).items() if edge is not None})
    fields = _read(replace(config.data, region=box))
    return fields, fields.part


def _read(data: DataConfig) -> Fields:
    """Without the truth, and without a reference that lies elsewhere: neither is needed to apply what was learned."""
    data = replace(data, truth=None)
    try:
        return read_fields(data)
    except GridMismatch:
        if data.reference is None:
            raise
    return read_fields(replace(data, reference=None))  # what was wrong with the others is said again


def _widened(config: Config, wanted: Wanted) -> Config:
    """The record as long as the months wanted, where a run was trained on fewer."""
    first, last = config.data.first_month, config.data.last_month
    if first and wanted.first_month:
        first = min(first, wanted.first_month)
    if last and wanted.last_month:
        last = max(last, wanted.last_month)
    return replace(config, data=replace(config.data, first_month=first, last_month=last))


def _require_channels(domain: Domain, manifest: Manifest) -> None:
    for what, expected, found in (
        ("climate channels", manifest.sample.climate, domain.climate_channels),
        ("fine covariates", manifest.sample.covariates, domain.covariates),
    ):
        if expected != found:
            raise BadInput(
                what,
                expected=", ".join(expected) or "none",
                found=", ".join(found) or "none",
                remedy="give files that hold what the network was trained on",
            )


def _require_step(domain: Domain, manifest: Manifest) -> None:
    found, expected = (domain.coarse.lat_step, domain.coarse.lon_step), manifest.grid_step
    if any(abs(a - b) > 0.01 * b for a, b in zip(found, expected, strict=True)):
        raise GridMismatch(
            "storage",
            expected=f"the cells that the network was trained for, {expected[0]:g}° × {expected[1]:g}°",
            found=f"{found[0]:g}° × {found[1]:g}°",
            remedy="give storage on that grid, or train on this one",
        )


def saved_model_or_server(
    model: Path | None, server: str | None, model_name: str, timeout: float | None = None, patience: float | None = None
) -> Callable[[], ServedModel] | None:
    """What opens the exported model of `--model` or `--server`; None where neither is given.

    Args:
        model: folder of a version, or of all versions.
        server: address of a TF Serving server.
        model_name: of the model on the server; see `gwkeras.serving.connect`.
        timeout: seconds that a server may take for one answer; None: see `Patience`.
        patience: seconds after which a server that does not answer is given up; None: likewise.
    """
    if model and server:
        raise BadInput("--model", expected="a folder or a server", found="both", remedy="give --model or --server")
    if model:
        return lambda: _load(model)
    if server:
        return lambda: _connect(server, model_name, timeout, patience)
    return None


def _load(folder: Path) -> ServedModel:
    from gwkeras.serving import load_saved_model

    return load_saved_model(folder)


def _connect(address: str, name: str, timeout: float | None, total: float | None) -> ServedModel:
    from gwkeras.serving import connect

    usual = Patience()
    total = total or max(usual.total, timeout or 0.0)
    return connect(address, name, replace(usual, call=timeout or usual.call, total=total, connect=min(usual.connect, total)))
