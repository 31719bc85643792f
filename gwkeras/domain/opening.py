"""Opens the domains of an experiment: the one that it is applied to, and those that it learns from.

`bicubic` and `reference` learn at the scale of application: product -> product refined by s. `coarsen` learns one scale up, from
the product coarsened by s, at every shift of the coarsening's origin; and, one scale further up ("coarser"), the pair of
scales by which the transfer between scales is judged.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.domain.array_cache import DiskArray, array_digest, cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.channels import Channels, channels_of
from gwkeras.domain.domain import Domain
from gwkeras.domain.drivers import Drivers
from gwkeras.domain.land import fine_land
from gwkeras.domain.regridded_drivers import climate_months, drivers_from_fields
from gwkeras.domain.seasonal_detail import SeasonalDetail, seasonal_detail
from gwkeras.domain.split import Split, divide
from gwkeras.domain.target import BicubicArray, reference_target
from gwkeras.fields.record import Fields
from gwkeras.observation.point_spread import PointSpread

COARSER_FACTOR = 2  # 2° → 0.5° is judged by what was learned at 4° → 1°
_SMALLEST_DOMAIN = 3  # coarse cells a side; fewer leave nothing to learn from


@dataclass(frozen=True)
class Domains:
    """What an experiment learns from.

    Args:
        train: the domains that training samples come from.
        coarser: those one scale up, for `coarsen`; maybe none.
        split: who learns from what.
    """

    train: tuple[Domain, ...]
    coarser: tuple[Domain, ...]
    split: Split

    def of(self, part: str) -> tuple[Domain, ...]:
        """The domains of "train", "validation", "test" or "coarser"."""
        return self.coarser if part == "coarser" else self.train


def open_domain(fields: Fields, config: Config, cache: Path, split: Split | None = None) -> Domain:
    """The domain that the experiment is applied to: the product, and the product refined by `sample.factor`.

    Its target is the bicubic or the reference field where the experiment learns those and the files hold it.

    Args:
        fields: as read.
        config: of the experiment.
        cache: folder for regridded arrays; opening the same domain again from it is quick.
        split: who learned from what; None: as the configuration says for these fields.
    Raises: MissingMonths: where no month has a whole climate sequence.
    """
    return _Opening(fields, config, cache).applied(split)


def open_domains(fields: Fields, config: Config, cache: Path) -> Domains:
    """The domains to learn from, and the split.

    Args:
        fields: as read.
        config: of the experiment.
        cache: as for `open_domain`.
    Raises: GridMismatch: where the region is too small to coarsen. MissingMonths: as `open_domain`. BadInput: where the reference
        to learn from is missing.
    """
    opening = _Opening(fields, config, cache)
    split = opening.split
    if config.target.kind == "coarsen":
        return Domains(opening.coarsened(), opening.coarsened_twice(), split)
    if config.target.kind == "product":
        return Domains((replace(opening.applied(split), product_is_target=True),), (), split)
    return Domains((opening.learning(split),), (), split)


def open_learning_domain(fields: Fields, config: Config, cache: Path, split: Split) -> Domain:
    """The first of the domains to learn from: the one whose target is known everywhere, which methods are judged on.

    Args:
        fields: as read.
        config: of the experiment.
        cache: as for `open_domain`.
        split: who learns from what.
    Raises: as `open_domains`.
    """
    return _Opening(fields, config, cache).learning(split)


def divide_record(fields: Fields, config: Config, cache: Path) -> Split:
    """Who learns from what, as the configuration says for these fields.

    Args:
        fields: as read.
        config: of the experiment.
        cache: as for `open_domain`.
    Raises: as `gwkeras.domain.split.divide`.
    """
    return _Opening(fields, config, cache).split


@dataclass(frozen=True)
class _Opening:
    """What the domains of one experiment share, each made when it is first asked for."""

    fields: Fields
    config: Config
    cache: Path

    @property
    def factor(self) -> int:
        return self.config.sample.factor

    @cached_property
    def channels(self) -> Channels:
        return channels_of(self.fields, self.config)

    @cached_property
    def record(self) -> Calendar:
        return Calendar(self.fields.gwsa["time"].values, "the storage record")

    @cached_property
    def calendar(self) -> Calendar:
        """Months of the record with a whole climate sequence."""
        stamps = self.record.months
        memory = max(self.config.sample.months, self.config.sample.months_required)
        climate = climate_months(self.fields)
        usable = stamps[np.isin(stamps, climate[memory - 1 :])] if self.fields.climate else stamps
        if not len(usable):
            raise MissingMonths(
                "climate",
                expected=f"{memory} consecutive months up to a month with storage",
                found=f"climate of {Calendar(climate).span} and storage of {self.record.span}",
                remedy="give a longer climate record or lower sample.months",
            )
        return Calendar(usable, "storage with a whole climate sequence")

    @cached_property
    def storage(self) -> DiskArray:
        return self._of_the_product("storage", self.fields.gwsa)

    @cached_property
    def uncertainty(self) -> DiskArray | None:
        stated = self.fields.uncertainty
        return None if stated is None else self._of_the_product("uncertainty", stated.reindex_like(self.fields.gwsa))

    @cached_property
    def seen(self) -> np.ndarray:
        """(n_lat, n_lon) whether the product ever has data there."""
        seen = np.zeros(self.fields.grid.shape, bool)
        for month in range(len(self.record)):
            seen |= np.isfinite(self.storage[month])
        return seen

    @cached_property
    def split(self) -> Split:
        """Blocks are drawn on the cells of the product that are written: for `coarsen` on those that make whole blocks of it.

        A region too small to coarsen, which a fine truth can judge, is divided as it is.
        """
        grid, land = self.fields.grid, self.seen
        if self.fields.part is not None:
            inside = np.zeros(grid.shape, bool)
            inside[self.fields.part] = True
            land = land & inside
        if self.config.target.kind == "coarsen" and self._has_room:
            grid = grid.coarsen(self.factor).refine(self.factor)
            land = land[: grid.n_lat, : grid.n_lon]
        return divide(self.calendar.months, grid, land, self.config.split)

    def applied(self, split: Split | None) -> Domain:
        """Product -> product refined by s."""
        grid = self.fields.grid.refine(self.factor)
        fine = self._drivers(grid, self.channels.fine, fine_land(self.fields, grid, self.factor, self.seen))
        fine = replace(fine, channels=dict(fine.channels))  # a month without data is said when files are opened
        share = fine.grid.block_mean(fine.land, self.factor)
        coarse = self._drivers(self.fields.grid, self.channels.coarse, np.where(self.seen, share, 0.0).astype(np.float32))
        target = self._target(grid)
        detail = self._seasonal_detail(target, fine, split)
        return self._domain(coarse, fine, (0, 0), self.storage, target, detail, self.uncertainty, self.fields.point_spread)

    def learning(self, split: Split) -> Domain:
        """The domain whose target is known everywhere; one scale up for `coarsen` and `product`, which know nothing fine."""
        if self.config.target.kind in ("coarsen", "product"):
            self._require_room()
            return self._coarsened(self._product, self.storage, 0, 0).of_filtered(self.fields.point_spread)
        if self.config.target.kind == "reference" and self.fields.reference is None:
            raise BadInput(
                "data.reference",
                expected="a fine field to learn",
                found="none",
                remedy="give --reference FILE, or another target",
            )
        return self.applied(split)

    def coarsened(self) -> tuple[Domain, ...]:
        """Product coarsened by s -> product, at every shift of the origin."""
        self._require_room()
        shifts = range(self.factor)
        grid = self._product.grid
        return tuple(
            self._coarsened(self._product, self.storage, row, col)
            for row in shifts
            for col in shifts
            if _fits(grid, self.factor, row, col, 1)
        )

    def coarsened_twice(self) -> tuple[Domain, ...]:
        """The same one scale up."""
        product, found = self._product, []
        for row in range(COARSER_FACTOR):
            for col in range(COARSER_FACTOR):
                if not _fits(product.grid, COARSER_FACTOR, row, col, self.factor * _SMALLEST_DOMAIN):
                    continue
                drivers = product.coarsen(COARSER_FACTOR, row, col)
                blocks = self._block_means(product, self.storage, COARSER_FACTOR, row, col)
                shifts = range(0, self.factor, max(1, self.factor // 2))
                found += [
                    self._coarsened(drivers, blocks, r, c)
                    for r in shifts
                    for c in shifts
                    if _fits(drivers.grid, self.factor, r, c, _SMALLEST_DOMAIN)
                ]
        return tuple(found)

    @cached_property
    def _product(self) -> Drivers:
        """On the product's own grid, as the fine side of a coarsening."""
        wanted = tuple(dict.fromkeys((*self.channels.coarse, *self.channels.fine)))
        return self._drivers(self.fields.grid, wanted, self.seen.astype(np.float32))

    @property
    def _has_room(self) -> bool:
        return min(self.fields.grid.shape) >= 2 * self.factor

    def _require_room(self) -> None:
        if not self._has_room:
            raise GridMismatch(
                "data.region",
                expected=f"at least {2 * self.factor} × {2 * self.factor} product cells to coarsen by {self.factor}",
                found=f"{self.fields.grid.n_lat} × {self.fields.grid.n_lon}",
                remedy="take a larger region, or give a fine truth to be judged by",
            )

    def _drivers(self, grid: Grid, channels: tuple[str, ...], land: np.ndarray) -> Drivers:
        return drivers_from_fields(self.fields, self.config.data, grid, channels, land, self.cache)

    def _of_the_product(self, name: str, values) -> DiskArray:
        key = [self.fields.fingerprint, name, astuple(self.fields.grid), array_digest(self.record.months)]
        return cached_array(self.cache, key, values.shape, lambda part: values.isel(time=part).values)

    def _target(self, grid: Grid) -> DiskArray | BicubicArray | None:
        kind, reference = self.config.target.kind, self.fields.reference
        if kind == "bicubic":
            return BicubicArray(self.storage, self.factor, self.fields.grid.is_periodic)
        if kind == "reference" and reference is not None:
            share = self.config.data.minimum_valid_share
            return reference_target(reference, grid, self.record.months, share, self.fields.fingerprint, self.cache)
        return None

    def _seasonal_detail(
        self, target: DiskArray | BicubicArray | None, fine: Drivers, split: Split | None
    ) -> SeasonalDetail | None:
        if self.config.target.kind != "reference" or "auto" not in self.config.sample.covariates:
            return None
        if not isinstance(target, DiskArray):
            return SeasonalDetail.unknown(self.record, fine.grid.shape)
        return seasonal_detail(target, self.storage, self.record, fine.grid, fine.land, split or self.split, self.cache)

    def _coarsened(self, fine: Drivers, storage: DiskArray, row: int, col: int) -> Domain:
        means = self._block_means(fine, storage, self.factor, row, col)
        return self._domain(fine.coarsen(self.factor, row, col), fine, (row, col), means, storage)

    def _block_means(self, fine: Drivers, storage: DiskArray, factor: int, row: int, col: int) -> DiskArray:
        """Storage of blocks by area × land; missing in months in which less than the share of a block's land has data."""
        inner, rows, cols = fine.blocks(factor, row, col)
        land, valid_share = fine.land[rows, cols], self.config.data.minimum_valid_share
        enough = valid_share * inner.block_sum_and_weight(land, factor, land)[1] * (1 - 1e-9)

        def means(part: slice) -> np.ndarray:
            mean, weight = inner.block_sum_and_weight(storage[part, rows, cols], factor, land)
            return np.where(weight >= enough, mean, np.nan)

        key = [fine.key, array_digest(fine.land), storage.path.name, factor, row, col, valid_share]
        shape = (storage.shape[0], *(n // factor for n in inner.shape))
        return cached_array(self.cache, key, shape, means, step_bytes=4 * land.size)

    def _domain(
        self,
        coarse: Drivers,
        fine: Drivers,
        origin: tuple[int, int],
        storage: DiskArray,
        target: DiskArray | BicubicArray | None,
        detail: SeasonalDetail | None = None,
        uncertainty: DiskArray | None = None,
        point_spread: PointSpread = PointSpread(),
    ) -> Domain:
        fine.prepare(self.channels.covariates)
        return Domain(
            factor=self.factor,
            memory=self.config.sample.months,
            climate_channels=self.channels.climate,
            fine_covariates=self.channels.covariates,
            coarse_drivers=coarse,
            fine_drivers=fine,
            fine_origin=origin,
            calendar=self.calendar,
            record=self.record,
            storage=storage,
            fine_target=target,
            fine_target_sigma=None,
            constant_efficiency=self.config.data.constant_infiltration_efficiency,
            seasonal_detail=detail,
            uncertainty=uncertainty,
            point_spread=point_spread,
        )


def _fits(grid: Grid, factor: int, row: int, col: int, blocks: int) -> bool:
    return (grid.n_lat - row) // factor >= blocks and (grid.n_lon - col) // factor >= blocks
