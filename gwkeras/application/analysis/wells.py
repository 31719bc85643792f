"""Wells against a product, files of fine fields and the methods of a run: from files to what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.analysis.wells.dataset import dataset_of
from gwkeras.analysis.wells.dropped import Dropped
from gwkeras.analysis.wells.fields_at_wells import FieldAtWells, field_at_wells
from gwkeras.analysis.wells.judging import Judged, judged
from gwkeras.analysis.wells.places import cells_of, distance_to_edge, on_the_grid
from gwkeras.analysis.wells.reading.table import Wells, read_wells
from gwkeras.analysis.wells.settings import WellsConfig
from gwkeras.application.csv_text import csv_text
from gwkeras.application.dataset_file import write_dataset
from gwkeras.application.opening import Application
from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.grid import Grid
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.domain import Domain
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.readers.static import read_static
from gwkeras.fields.readers.storage import read_storage
from gwkeras.methods.baselines import BASELINES
from gwkeras.methods.method import Method

PRODUCT = "product"


@dataclass(frozen=True)
class WellsResult:
    """What was found.

    Args:
        judged: scores, and wells left out.
        data: all of it as a dataset.
    """

    judged: Judged
    data: xr.Dataset


def judge_files(
    config: WellsConfig,
    product: SourceConfig,
    fields: Mapping[str, SourceConfig],
    *,
    attributes: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> WellsResult:
    """Fields of files, compared with wells.

    Args:
        config: the table of wells, and how it is judged.
        product: the coarse record.
        fields: name -> fine record.
        attributes: of the dataset: where it comes from.
        progress: called with a label, the number done and in all.
    Raises: BadInput: where files cannot be read, or no well can be used.
    """
    storage = read_storage(product)
    grid = grid_of(storage.gwsa)
    wells, left_out = on_the_grid(read_wells(config), grid)
    wells = replace(_with_yields(wells, config), notes=(*wells.notes, *storage.notes_on_values))
    progress("fields", 0, len(fields) + 1)
    found = [field_at_wells(PRODUCT, storage.gwsa, wells.lat, wells.lon)]
    known = np.isfinite(storage.gwsa.isel(time=storage.gwsa.sizes["time"] // 2).values)
    for number, (name, source) in enumerate(fields.items(), start=1):
        progress("fields", number, len(fields) + 1)
        found.append(field_at_wells(name, read_storage(source).gwsa, wells.lat, wells.lon))
    progress("fields", len(fields) + 1, len(fields) + 1)
    return _finished(wells, found, distance_to_edge(grid, known, wells.lat, wells.lon), left_out, config, attributes)


def judge_run(
    config: WellsConfig,
    applications: Mapping[str, Application],
    *,
    fields: Mapping[str, SourceConfig] | None = None,
    attributes: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> WellsResult:
    """Interpolations and methods of a run, compared with wells.

    Args:
        config: the table of wells, and how it is judged.
        applications: name of a method -> what downscales by it; all of one run.
        fields: name -> further fine record.
        attributes: of the dataset: where it comes from.
        progress: called with a label, the number done and in all.
    Raises: BadInput: as `judge_files`.
    """
    first = next(iter(applications.values()))
    domain, months = first.job.domain, first.months
    wells, left_out = on_the_grid(read_wells(config), domain.coarse)
    wells = _with_yields(wells, config)
    storage = np.stack([domain.storage_of(month) for month in months])
    found = [_at_wells(PRODUCT, domain.coarse, months, storage, wells)]
    methods: dict[str, tuple[Method, Domain]] = {baseline.name: (baseline, domain) for baseline in BASELINES[1:]}
    methods |= {name: (application.job.method, application.job.domain) for name, application in applications.items()}
    for name, (method, own) in methods.items():
        row, col, inside = cells_of(own.fine, wells.lat, wells.lon)
        values = np.full((wells.lat.size, len(months)), np.nan)
        for number, month in enumerate(months):
            values[inside, number] = method.predict(own, month).mean[row[inside], col[inside]]
            progress(name, number + 1, len(months))
        cell = np.where(inside, row * own.fine.n_lon + col, -1)
        found.append(FieldAtWells(name, np.array(months).astype("datetime64[M]"), values, cell, own.fine.lat_step))
    found += [field_at_wells(name, read_storage(s).gwsa, wells.lat, wells.lon) for name, s in (fields or {}).items()]
    known = np.isfinite(storage[len(months) // 2]) & (domain.land > 0)
    return _finished(wells, found, distance_to_edge(domain.coarse, known, wells.lat, wells.lon), left_out, config, attributes)


def _at_wells(name: str, grid: Grid, months: Sequence[np.datetime64], values: np.ndarray, wells: Wells) -> FieldAtWells:
    coordinates = {"time": np.array(months), "lat": grid.lat, "lon": grid.lon}
    return field_at_wells(name, xr.DataArray(values, coords=coordinates, dims=("time", "lat", "lon")), wells.lat, wells.lon)


def _with_yields(wells: Wells, config: WellsConfig) -> Wells:
    """Specific yields from a map, where the table states none."""
    if config.specific_yield_map is None:
        return wells
    maps = read_static(SourceConfig(path=(config.specific_yield_map,)))
    if len(maps) != 1:
        raise BadInput(
            config.specific_yield_map,
            expected="one map of specific yields",
            found=f"{len(maps)} maps ({', '.join(maps)})",
            remedy="leave one in the file",
        )
    field = next(iter(maps.values()))
    row, col, inside = cells_of(grid_of(field), wells.lat, wells.lon)
    values = np.where(inside, field.values[row, col], np.nan).astype(float)
    if np.isfinite(values).any() and not 0 < float(np.nanmedian(values)) <= 1:
        raise BadInput(
            config.specific_yield_map,
            expected="specific yields from 0 to 1",
            found=f"a median of {float(np.nanmedian(values)):g}",
            remedy="give shares, not percent",
        )
    return replace(wells, specific_yield=np.where(np.isfinite(values), values, wells.specific_yield))


def _finished(
    wells: Wells,
    fields: Sequence[FieldAtWells],
    edge_km: np.ndarray,
    left_out: Sequence[Dropped],
    config: WellsConfig,
    attributes: Mapping[str, str] | None,
) -> WellsResult:
    found = judged(wells, fields, edge_km, left_out, config)
    return WellsResult(found, dataset_of(found, config.interval, attributes))


def write_wells(result: WellsResult, path: Path) -> tuple[Path, Path, Path]:
    """The dataset, a table of scores by well, and the list of wells left out, side by side; each whole or not at all.

    Args:
        result: what was found.
        path: of the NetCDF file; the tables have its name with other endings.
    """
    scores, left_out = path.with_suffix(".csv"), path.with_name(f"{path.stem}_left_out.csv")
    write_dataset(result.data, path)
    write_atomically(scores, _scores_table(result).encode())
    rows = ([entry.name, entry.lat, entry.lon, entry.reason, entry.detail] for entry in result.judged.dropped)
    write_atomically(left_out, csv_text([["well", "lat", "lon", "reason", "detail"], *rows]).encode())
    return path, scores, left_out


def _scores_table(result: WellsResult) -> str:
    wells, data = result.judged.wells, result.data
    names = [name for name in data if str(name).startswith("well_")]
    head = ["well", "lat", "lon", "steps", "edge_km", *wells.attributes.columns]
    head += [f"{name[5:]} {field}" for field in data["field"].values for name in map(str, names)]
    rows = []
    for k in range(len(wells.names)):
        row = [
            wells.names[k],
            wells.lat[k],
            wells.lon[k],
            int(data["months"].values[k]),
            round(float(result.judged.edge_km[k]), 1),
        ]
        rows.append([*row, *wells.attributes.iloc[k].tolist()])
    values = np.stack([data[name].values for name in names], axis=1)  # field, score, well
    flat = values.reshape(-1, len(wells.names)).T
    return csv_text(
        [head, *([*row, *(f"{v:.5g}" if np.isfinite(v) else "" for v in more)] for row, more in zip(rows, flat, strict=True))]
    )
