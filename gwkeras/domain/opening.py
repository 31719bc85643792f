"""Which domains an experiment is trained on, and the one at which it is applied.

`bicubic` and `reference` learn at the domain of application: product -> product refined by s. `coarsen` learns one scale up, from
the product coarsened by s, at every shift of the coarsening's origin; and, one scale further up ("coarser"), the pair of
scales by which the transfer between scales is judged.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import Config
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import month_number
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.covariates import Covariate, automatic
from gwkeras.domain.domain import BicubicArray, Domain
from gwkeras.domain.drivers import Drivers, array_digest
from gwkeras.domain.regridded_drivers import derived_channels, drivers_from_fields
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.regrid import Regridder
from gwkeras.fields.record import Fields

COARSER_FACTOR = 2  # 2° → 0.5° is judged by what was learned at 4° → 1°
_SMALLEST_DOMAIN = 3  # coarse cells a side; fewer leave nothing to learn from


@dataclass(frozen=True)
class _Channels:
    """Names settled once for all domains of an experiment."""

    climate: tuple[str, ...]
    covariates: tuple[Covariate, ...]
    water: tuple[str, ...]

    @property
    def coarse(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.climate, *self.water)))

    @property
    def fine(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.channel for c in self.covariates if c.kind != "static"))


def application_domain(fields: Fields, config: Config, cache: Path) -> Domain:
    """The domain at which the experiment is applied: the product and the product refined by `sample.factor`.

    Its target is the bicubic or the reference field where the experiment learns those, and absent for `coarsen`.
    """
    names = _channels(fields, config)
    fine_grid = fields.grid.refine(config.sample.factor)
    fine = drivers_from_fields(fields, config.data, fine_grid, names.fine, _fine_land(fields, fine_grid, config), cache)
    coarse = _coarse_drivers(fields, config, fine, names, cache)
    target, target_sigma = _target(fields, config, fine_grid, cache)
    return _domain(fields, config, names, coarse, fine, (0, 0), _storage(fields, cache), target, target_sigma)


def open_domains(fields: Fields, config: Config, cache: Path) -> dict[str, list[Domain]]:
    """The domains to train on under "train" and, for `coarsen`, those one scale up under "coarser" (maybe none).

    Args:
        cache: folder for regridded arrays; opening the same domains again from it is quick.
    Raises: GridMismatch: where the region is too small to coarsen; MissingMonths: where no month has a whole climate sequence.
    """
    if config.target.kind != "coarsen":
        return {"train": [application_domain(fields, config, cache)]}
    names = _channels(fields, config)
    factor = config.sample.factor
    if min(fields.grid.shape) < 2 * factor:
        raise GridMismatch(
            "data.region",
            expected=f"at least {2 * factor} × {2 * factor} product cells to coarsen by {factor}",
            found=f"{fields.grid.n_lat} × {fields.grid.n_lon}",
            remedy="take a larger region, or another target",
        )
    storage = _storage(fields, cache)
    land = _seen(fields, cache).astype(np.float32)
    wanted = tuple(dict.fromkeys((*names.coarse, *names.fine)))
    product = drivers_from_fields(fields, config.data, fields.grid, wanted, land, cache)
    train = [
        _coarsened(fields, config, names, product, storage, row, col, cache)
        for row in range(factor)
        for col in range(factor)
        if _fits(product.grid, factor, row, col, 1)
    ]
    coarser = []
    for row in range(COARSER_FACTOR):
        for col in range(COARSER_FACTOR):
            if not _fits(product.grid, COARSER_FACTOR, row, col, factor * _SMALLEST_DOMAIN):
                continue
            layer = product.coarsen(COARSER_FACTOR, row, col)
            blocks = _block_means(product, storage, COARSER_FACTOR, row, col, config.data.minimum_valid_share, cache)
            shifts = range(0, factor, max(1, factor // 2))
            coarser += [
                _coarsened(fields, config, names, layer, blocks, r, c, cache)
                for r in shifts
                for c in shifts
                if _fits(layer.grid, factor, r, c, _SMALLEST_DOMAIN)
            ]
    return {"train": train, "coarser": coarser}


def _fits(grid: Grid, factor: int, row: int, col: int, blocks: int) -> bool:
    return (grid.n_lat - row) // factor >= blocks and (grid.n_lon - col) // factor >= blocks


def _coarsened(
    fields: Fields, config: Config, names: _Channels, fine: Drivers, storage: DiskArray, row: int, col: int, cache: Path
) -> Domain:
    factor = config.sample.factor
    means = _block_means(fine, storage, factor, row, col, config.data.minimum_valid_share, cache)
    return _domain(fields, config, names, fine.coarsen(factor, row, col), fine, (row, col), means, storage, None)


def _domain(
    fields: Fields,
    config: Config,
    names: _Channels,
    coarse: Drivers,
    fine: Drivers,
    origin: tuple[int, int],
    storage: DiskArray,
    target: DiskArray | BicubicArray | None,
    target_sigma: DiskArray | None,
) -> Domain:
    stamps = fields.gwsa["time"].values
    memory = max(config.sample.months, config.sample.months_required)
    usable = stamps[np.isin(stamps, coarse.months[memory - 1 :])] if fields.climate else stamps
    if not len(usable):
        raise MissingMonths(
            "climate",
            expected=f"{memory} consecutive months up to a month with storage",
            found=f"climate of {str(coarse.months[0])[:7]} … {str(coarse.months[-1])[:7]} and storage of "
            f"{str(stamps[0])[:7]} … {str(stamps[-1])[:7]}",
            remedy="give a longer climate record or lower sample.months",
        )
    fine.prepare(names.covariates)
    return Domain(
        config.sample.factor,
        config.sample.months,
        names.climate,
        names.covariates,
        coarse,
        fine,
        origin,
        usable,
        stamps,
        storage,
        target,
        target_sigma,
        config.data.constant_infiltration_efficiency,
    )


def _channels(fields: Fields, config: Config) -> _Channels:
    held = tuple(name for name in CLIMATE_UNITS if name in fields.climate)
    channels = (*held, *derived_channels(fields, config.data))
    climate = config.sample.climate or held
    for name in climate:
        if name not in channels:
            raise BadInput(
                "sample.climate",
                expected=f"channels among {', '.join(channels) or 'none'}",
                found=f"'{name}'",
                remedy="correct the name or give the file that holds it",
            )
    static = tuple(fields.static)
    detailed = tuple(n for n in channels if _shows_detail(fields, n))
    wanted = [n for name in config.sample.covariates for n in (automatic(static, detailed) if name == "auto" else (name,))]
    covariates = tuple(Covariate.parse(n, static, channels) for n in dict.fromkeys(wanted))
    return _Channels(climate, covariates, tuple(n for n in ("net_water_input", "soil_moisture") if n in channels))


def _shows_detail(fields: Fields, channel: str) -> bool:
    """Whether the channel's file is finer than the product, so that it says something within a product cell."""
    made_of = {"net_water_input": ("precipitation",), "evapotranspiration": ("temperature", "evapotranspiration")}
    sources = made_of.get(channel, (channel,))
    steps = [grid_of(fields.climate[s]).lat_step for s in sources if s in fields.climate]
    return bool(steps) and min(steps) < 0.75 * fields.grid.lat_step


def _storage(fields: Fields, cache: Path) -> DiskArray:
    key = [fields.fingerprint, "storage", astuple(fields.grid), array_digest(fields.gwsa["time"].values)]
    return cached_array(cache, key, fields.gwsa.shape, lambda part: fields.gwsa.isel(time=part).values)


def _seen(fields: Fields, cache: Path) -> np.ndarray:
    """(n_lat, n_lon) whether the product ever has data there."""
    storage = _storage(fields, cache)
    seen = np.zeros(fields.grid.shape, bool)
    for month in range(storage.shape[0]):
        seen |= np.isfinite(storage[month])
    return seen


def _block_means(
    fine: Drivers, storage: DiskArray, factor: int, row: int, col: int, minimum_valid_share: float, cache: Path
) -> DiskArray:
    """Storage of blocks, weighted by area × land; missing in months in which less than the share of a block's land has data."""
    inner, rows, cols = fine.blocks(factor, row, col)
    land = fine.land[rows, cols]
    enough = minimum_valid_share * inner.block_sum_and_weight(land, factor, land)[1] * (1 - 1e-9)

    def means(part: slice) -> np.ndarray:
        mean, weight = inner.block_sum_and_weight(storage[part, rows, cols], factor, land)
        return np.where(weight >= enough, mean, np.nan)

    key = [fine.key, array_digest(fine.land), storage.path.name, factor, row, col, minimum_valid_share]
    return cached_array(cache, key, (storage.shape[0], *(n // factor for n in inner.shape)), means, step_bytes=4 * land.size)


def _coarse_drivers(fields: Fields, config: Config, fine: Drivers, names: _Channels, cache: Path) -> Drivers:
    seen = _seen(fields, cache)
    share = fine.grid.block_mean(fine.land, config.sample.factor)
    land = np.where(seen, share, 0.0).astype(np.float32)
    return drivers_from_fields(fields, config.data, fields.grid, names.coarse, land, cache)


def _fine_land(fields: Fields, grid: Grid, config: Config) -> np.ndarray:
    """(s n_lat, s n_lon) land fraction: the user's own field, else where the static fields, else where the climate has data.

    A product cell in which that leaves no land is taken as land as a whole: its water must lie somewhere.
    """
    factor = config.sample.factor
    if fields.land is not None:
        land = np.nan_to_num(Regridder(grid_of(fields.land), grid)(fields.land.values, minimum_valid_share=0.0))
    else:
        land = _data_mask(fields, grid)
    empty = grid.block_mean(land, factor) <= 0
    return np.where(np.repeat(np.repeat(empty, factor, 0), factor, 1), 1.0, np.clip(land, 0.0, 1.0)).astype(np.float32)


def _data_mask(fields: Fields, grid: Grid) -> np.ndarray:
    """1 where at least half of a cell has data in the first field that has gaps at all, else 0; 1 everywhere if none has gaps.

    Cells beyond the edge of that field's file are taken as land: a file that ends there says nothing about them.
    """
    reference = [] if fields.reference is None else [fields.reference.isel(time=0)]
    for field in [*reference, *fields.static.values(), *(c.isel(time=0) for c in fields.climate.values())]:
        valid = np.isfinite(np.asarray(field.values))
        if valid.all() or not valid.any():
            continue
        share = Regridder(grid_of(field), grid)(valid.astype(float), minimum_valid_share=0.0)
        return (np.nan_to_num(share, nan=1.0) >= 0.5).astype(np.float32)
    return np.ones(grid.shape, np.float32)


def _target(fields: Fields, config: Config, grid: Grid, cache: Path) -> tuple[DiskArray | BicubicArray | None, DiskArray | None]:
    stamps = fields.gwsa["time"].values
    if config.target.kind == "bicubic":
        return BicubicArray(_storage(fields, cache), config.sample.factor, fields.grid.is_periodic), None
    if config.target.kind == "reference":
        return _reference(fields, grid, stamps, config.data.minimum_valid_share, cache), None
    return None, None


def _reference(fields: Fields, grid: Grid, stamps: np.ndarray, minimum_valid_share: float, cache: Path) -> DiskArray:
    reference = fields.reference
    if reference is None:
        raise BadInput(
            "data.reference", expected="a fine field to learn", found="none", remedy="give --reference FILE, or another target"
        )
    source = grid_of(reference)
    if source.lat_step > grid.lat_step * 1.01 or source.lon_step > grid.lon_step * 1.01:
        raise GridMismatch(
            "data.reference",
            expected=f"cells of at most {grid.lat_step:g}°",
            found=source.describe(),
            remedy="lower sample.factor: the target cannot be finer than the field it is learned from",
        )
    if not np.isin(month_number(stamps), month_number(reference["time"].values)).any():
        raise MissingMonths(
            "data.reference",
            expected="months in common with the product",
            found="none",
            remedy="give a reference of the same years",
        )
    regridder = Regridder(source, grid)
    aligned: xr.DataArray = reference.reindex(time=stamps)
    key = [fields.fingerprint, "reference", astuple(grid), array_digest(stamps), minimum_valid_share]
    return cached_array(
        cache,
        key,
        (len(stamps), *grid.shape),
        lambda part: regridder(aligned.isel(time=part).values, minimum_valid_share=minimum_valid_share),
        step_bytes=4 * source.n_lat * source.n_lon,
    )
