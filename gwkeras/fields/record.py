"""All that a run reads, brought onto one region and one calendar."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import DataConfig, RegionConfig, SourceConfig
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.fields.canonical import clip_region, grid_of
from gwkeras.fields.files.paths import expand
from gwkeras.fields.files.provenance import describe_files
from gwkeras.fields.grids.coverage import check_coverage
from gwkeras.fields.margin import with_margin
from gwkeras.fields.readers import read_fine, read_storage
from gwkeras.fields.readers.channel import NEVER_NEGATIVE, without_negatives
from gwkeras.fields.readers.in_memory import in_memory
from gwkeras.fields.readers.survey import survey
from gwkeras.fields.region import note_of, working_region
from gwkeras.fields.sources import Sources, label_of, name_of, open_sources, sources_of
from gwkeras.observation.point_spread import PointSpread

_READING = 1  # raised when the readers come to give other numbers for the same files, so that what was cached is not used


_MANY_GAPS = 0.05  # of a map's cells, beyond what the product lacks, so that coasts are not spoken of


@dataclass(frozen=True)
class Fields:
    """Canonical fields of one run; arrays are lazy.

    Args:
        gwsa: storage anomaly of the product, mm, (time, lat, lon) on `grid`.
        uncertainty: its standard error, mm, or None.
        climate: channels in canonical units, (time, lat, lon), each on its own grid around the region, on one calendar.
        static: maps (lat, lon) on their own grids around the region.
        land: land fraction (lat, lon) on its own grid, or None where no static file has one.
        reference: the fine field that `target: reference` learns, mm, cut to `grid`'s box, or None.
        truth: the fine field to judge by, mm, cut to `grid`'s box, or None. Nothing of it is read until it is computed.
        sources: name, size and hash of every file but the truth's, which no result depends on.
        notes: what a reader of the results should know, in sentences.
        grid: the product's cells.
        fingerprint: changes with the sources' content and how they are read; not with where they lie, nor with the truth, nor
            with the point spread, which no field depends on.
        point_spread: the product's filter.
        spread_is_known: whether files or configuration settle that; else it is to be found from the product.
        spread_by_files: whether it is what the files state, which their months may speak against.
        spread_maybe_full_width: whether they do not say if their number is a radius or a full width.
        box: what is judged and written; `grid` reaches beyond it by a margin. None: all of `grid`.
    """

    gwsa: xr.DataArray
    uncertainty: xr.DataArray | None
    climate: dict[str, xr.DataArray]
    static: dict[str, xr.DataArray]
    land: xr.DataArray | None
    reference: xr.DataArray | None
    truth: xr.DataArray | None
    sources: list[dict]
    notes: list[str]
    grid: Grid
    fingerprint: str = ""
    point_spread: PointSpread = PointSpread()
    spread_is_known: bool = True
    spread_by_files: bool = False
    spread_maybe_full_width: bool = False
    box: RegionConfig | None = None

    @property
    def part(self) -> tuple[slice, slice] | None:
        """Rows and columns of the cells that are judged and written; None: all."""
        if self.box is None:
            return None
        grid, box = self.grid, self.box
        rows = (round((edge - grid.south) / grid.lat_step) for edge in (box.south, box.north))
        columns = (round((edge - grid.west) / grid.lon_step) for edge in (box.west, box.east))
        part = (
            slice(*(min(max(row, 0), grid.n_lat) for row in rows)),
            slice(*(min(max(column, 0), grid.n_lon) for column in columns)),
        )
        return None if part == (slice(0, grid.n_lat), slice(0, grid.n_lon)) else part


def read_fields(data: DataConfig) -> Fields:
    """Reads every source of a configuration.

    The product is cut to the region, with the margin that its filter asks for, and the months wanted, then block-averaged by
    `coarsen_product`. Without a region, and where the climate or the maps leave out too much of the product, it is the part
    that all files cover. Climate and static fields keep their grids and a cell around the region; climate keeps the months
    before the first, for its memory.

    Raises: BadInput: a file missing or damaged, a variable not found, no data in the region. UnknownUnits.
        GridMismatch: a source that does not cover the region. MissingMonths: no month in common.
    """
    opened = open_sources(data)
    if data.region is None:
        region, said = working_region(opened, data)
        data, region_notes = replace(data, region=region), [said] if said else []
    else:
        region_notes = note_of(opened, data)
    asked, wide = data, with_margin(opened, data)
    data = replace(data, region=wide)
    storage = opened.storage
    notes = [*region_notes, *storage.notes]
    gwsa = _product(storage.gwsa, data)
    uncertainty = None if storage.uncertainty is None else _product(storage.uncertainty, data)
    grid = grid_of(gwsa)
    seen = survey(gwsa, "gwsa", label_of(data.gwsa))
    notes += seen.notes
    if seen.finite == 0:
        raise BadInput(
            _name(data.gwsa), expected="data in the region", found="only missing values", remedy="choose another region or file"
        )
    box = RegionConfig(grid.south, grid.north, grid.west, grid.east)
    climate, climate_notes = _climate(opened, data, gwsa, box)
    static = {name: clip_region(value, box, margin_cells=1) for name, value in opened.static.items()}
    known = np.isfinite(gwsa.isel(time=gwsa.sizes["time"] // 2).values)
    for name, value in (*climate.items(), *static.items()):
        check_coverage(grid_of(value), grid, known, data.minimum_valid_share, name_of(name, value))
    land = static.pop("land", None)
    notes += _gaps(static, known)
    sources = describe_files(path for source in sources_of(data) for path in expand(source))
    return Fields(
        gwsa=gwsa,
        uncertainty=uncertainty,
        climate=climate,
        static=static,
        land=land,
        reference=None if data.reference is None else _fine(data.reference, data, box),
        truth=None if data.truth is None else _fine(data.truth, data, asked.region or box),
        sources=sources,
        notes=list(dict.fromkeys([*notes, *climate_notes])),
        grid=grid,
        fingerprint=_fingerprint(data, sources),
        point_spread=storage.point_spread,
        spread_is_known=storage.spread_is_known,
        spread_by_files=storage.spread_by_files,
        spread_maybe_full_width=storage.spread_maybe_full_width,
        box=asked.region if asked.region != wide else None,
    )


def read_product(data: DataConfig) -> xr.DataArray:
    """The product alone as `read_fields` would give it, for the region of a run's resolved configuration.

    Args:
        data: of a configuration.
    Raises: as `read_fields`.
    """
    return _product(read_storage(data.gwsa, data.point_spread).gwsa, data)


def coarsened(data: xr.DataArray, factor: int, minimum_valid_share: float) -> xr.DataArray:
    """Area-weighted means over factor × factor cells, lazily; NaN where less than the share of a block's area has data.

    Cells beyond the last whole block in the north and the east are left out.
    """
    if factor == 1:
        return data
    coarse = grid_of(data).coarsen(factor)
    whole = data.isel(lat=slice(0, coarse.n_lat * factor), lon=slice(0, coarse.n_lon * factor))
    fine = grid_of(whole)
    block_area = fine.block_sum_and_weight(np.ones(fine.shape), factor)[1]

    def means(values: np.ndarray) -> np.ndarray:
        mean, weight = fine.block_sum_and_weight(values.astype(np.float64), factor)
        return np.where(weight >= minimum_valid_share * block_area * (1 - 1e-9), mean, np.nan).astype(np.float32)

    result = xr.apply_ufunc(
        means,
        whole.drop_vars(("lat", "lon")).rename(lat="row", lon="column"),
        input_core_dims=[["row", "column"]],
        output_core_dims=[["lat", "lon"]],
        dask="parallelized",
        output_dtypes=[np.float32],
        dask_gufunc_kwargs={"output_sizes": {"lat": coarse.n_lat, "lon": coarse.n_lon}},
        keep_attrs=True,
    )
    return result.assign_coords(lat=coarse.lat, lon=coarse.lon).rename(data.name)


def _gaps(static: dict[str, xr.DataArray], known: np.ndarray) -> list[str]:
    """A note for each map that holds nothing in more of the region than the product does.

    Args:
        static: the maps.
        known: (n_lat, n_lon) bool, where the product has data.
    Raises: BadInput: a map that holds nothing at all.
    """
    notes = []
    for name, value in static.items():
        missing = float(1.0 - np.isfinite(value.values).mean())
        if missing == 1.0:
            raise BadInput(
                name_of(name, value),
                expected="a map with data in the region",
                found="only missing values",
                remedy="leave the variable out of the file, or choose another region",
            )
        if missing > 1.0 - known.mean() + _MANY_GAPS:
            notes.append(
                f"{name_of(name, value)}: {100 * missing:.0f} % of its cells in the region are empty, of the product's "
                f"{100 * (1 - known.mean()):.0f} %; on land they get the nearest neighbour's value; write 0 if 0 is meant"
            )
    return notes


def _product(value: xr.DataArray, data: DataConfig) -> xr.DataArray:
    value = _months_between(value, data.first_month, data.last_month, _name(data.gwsa))
    if data.region is not None:
        value = clip_region(value, data.region)
        _check_nesting(grid_of(value), data.region)
    return coarsened(value, data.coarsen_product, data.minimum_valid_share)


def _check_nesting(grid: Grid, region: RegionConfig) -> None:
    """The region's edges must be edges of cells, or lie beyond the product."""
    for edge, wanted, found, step in (
        ("south", region.south, grid.south, grid.lat_step),
        ("north", region.north, grid.north, grid.lat_step),
        ("west", region.west, grid.west, grid.lon_step),
        ("east", region.east, grid.east, grid.lon_step),
    ):
        if 0.01 * step < abs(wanted - found) < 0.99 * step:
            raise GridMismatch(
                f"data.region, {edge}",
                expected=f"an edge of the product's {step:g}° cells, such as {found:g}",
                found=f"{wanted:g}",
                remedy="move the region's edges onto the grid",
            )


def _months_between(value: xr.DataArray, first: str | None, last: str | None, where: str) -> xr.DataArray:
    months = value["time"].values.astype("datetime64[M]")
    keep = np.ones(months.size, dtype=bool)
    if first is not None:
        keep &= months >= np.datetime64(first, "M")
    if last is not None:
        keep &= months <= np.datetime64(last, "M")
    if keep.all():
        return value
    if not keep.any():
        raise MissingMonths(
            where,
            expected=f"months from {first or 'the start'} to {last or 'the end'}",
            found=_span(value),
            remedy="correct first_month and last_month",
        )
    return value.isel(time=np.flatnonzero(keep))


def _climate(
    opened: Sources, data: DataConfig, gwsa: xr.DataArray, box: RegionConfig
) -> tuple[dict[str, xr.DataArray], list[str]]:
    climate: dict[str, xr.DataArray] = {}
    notes = list(opened.notes)
    clipped = {
        channel: _months_between(clip_region(whole, box, margin_cells=1), None, data.last_month, _name(source))
        for channel, (source, whole) in opened.climate.items()
    }
    held = in_memory(clipped, {channel: label_of(source) for channel, (source, _) in opened.climate.items()})
    for channel, (source, _) in opened.climate.items():
        value = held[channel]
        seen = survey(value, channel, label_of(source), clipped=channel in NEVER_NEGATIVE)
        notes += seen.notes
        if seen.finite == 0:
            raise BadInput(
                f"{_name(source)}, {channel}",
                expected="data in the region",
                found="only missing values",
                remedy="choose another region or file",
            )
        climate[channel] = without_negatives(value, channel)
    if not climate:
        return climate, notes
    climate, calendar_notes = _on_one_calendar(climate)
    months = next(iter(climate.values()))["time"].values
    if not np.isin(gwsa["time"].values, months).any():
        raise MissingMonths(
            ", ".join(_name(source) for source in data.climate),
            expected=f"months of the storage record ({_span(gwsa)})",
            found=_span(next(iter(climate.values()))),
            remedy="give records that overlap in time",
        )
    return climate, [*notes, *calendar_notes, *_without_climate(gwsa["time"].values, months)]


def _without_climate(storage: np.ndarray, climate: np.ndarray) -> list[str]:
    """A sentence where storage has months before the climate begins, or after it ends."""
    outside = storage[(storage < climate.min()) | (storage > climate.max())]
    if not outside.size:
        return []
    span = f"{str(climate.min())[:7]} to {str(climate.max())[:7]}"
    return [f"{outside.size} of {storage.size} months of storage lie outside the climate's period, {span}, and are left out"]


def _on_one_calendar(climate: dict[str, xr.DataArray]) -> tuple[dict[str, xr.DataArray], list[str]]:
    """The months that all channels have."""
    months = [value["time"].values for value in climate.values()]
    common = months[0]
    for other in months[1:]:
        common = np.intersect1d(common, other)
    if common.size == 0:
        spans = "; ".join(f"{channel} {_span(value)}" for channel, value in climate.items())
        raise MissingMonths(
            "climate", expected="months that all channels share", found=spans, remedy="give records that overlap in time"
        )
    most = max(m.size for m in months)
    notes = [f"climate: of up to {most} months, the {common.size} that all channels share are used"] if common.size < most else []
    return {c: v if v.sizes["time"] == common.size else v.sel(time=common) for c, v in climate.items()}, notes


def _fine(source: SourceConfig, data: DataConfig, box: RegionConfig) -> xr.DataArray:
    value = _months_between(read_fine(source), data.first_month, data.last_month, _name(source))
    return clip_region(value, box)


def _fingerprint(data: DataConfig, sources: list[dict]) -> str:
    reading = asdict(data)
    readers = [{k: v for k, v in asdict(source).items() if k != "path"} for source in sources_of(data)]
    kept = {key: reading[key] for key in ("region", "first_month", "last_month", "coarsen_product", "minimum_valid_share")}
    text = json.dumps([_READING, kept, readers, [s["sha256"] for s in sources]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _name(source: SourceConfig) -> str:
    return ", ".join(source.path[:2]) + (" …" if len(source.path) > 2 else "")


def _span(value: xr.DataArray) -> str:
    months = value["time"].values.astype("datetime64[M]")
    return f"{months[0]} to {months[-1]}"
