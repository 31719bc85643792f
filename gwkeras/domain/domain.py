"""A domain: one region at one pair of grids, coarse and fine, with all that a method may see of it.

Training shards and whole-region downscaling cut their samples here, so that what is trained is what is run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month, month_number
from gwkeras.core.schema import SampleShape
from gwkeras.domain.array_cache import DiskArray, array_digest
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.drivers import Drivers
from gwkeras.domain.seasonal_detail import NAME, SeasonalDetail
from gwkeras.domain.target import BicubicArray
from gwkeras.domain.window import Window
from gwkeras.fields.evapotranspiration import infiltration_efficiency
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread


@dataclass(frozen=True)
class Domain:
    """Storage on a coarse grid with all that is known on it and on the grid `factor` times finer.

    Args:
        factor: s.
        memory: T, months of the climate sequence.
        climate_channels: names, in the order of a sample's channels.
        fine_covariates: what a sample's fine covariates are, the seasonal detail left out.
        coarse_drivers: climate and maps on the coarse grid.
        fine_drivers: the same on `coarse.refine(factor)`, or on a grid that contains it from cell `fine_origin` on.
        fine_origin: (row, column) of the domain's first fine cell in the grid of `fine_drivers`.
        calendar: the months that have storage and a whole climate sequence: those that can be downscaled.
        record: the months of `storage`.
        storage: (M, n_lat, n_lon) mm, NaN where missing, of all months in `record`.
        fine_target: (M, s n_lat, s n_lon) mm on the grid of `fine_drivers`, or None where nothing fine is known.
        fine_target_sigma: its standard error, likewise.
        constant_efficiency: the infiltration efficiency where there is no soil moisture.
        seasonal_detail: what is known of the reference's usual detail, where a reference is learned.
        uncertainty: (M, n_lat, n_lon) mm, the product's own standard error of `storage`; None where it states none.
        point_spread: what the storage has been smoothed by.
        product_is_target: whether the storage itself is what is learned from, each product cell's value in all its fine cells.
        target_is_filtered: whether `fine_target` is the product on its own cells, filtered as it is, and so not storage.

    `gwkeras.domain.opening.open_domain` makes one of files; by hand, one product cell of four fine ones, without climate:

    >>> from pathlib import Path
    >>> month = np.array(["2010-01-01"], "datetime64[ns]")
    >>> def drivers(grid):
    ...     return Drivers(grid, Calendar(month), {}, {}, np.ones(grid.shape, np.float32), Path("unused"), "")
    >>> coarse = Grid(10.0, 20.0, 0.5, 0.5, 1, 1)
    >>> domain = Domain(2, 1, (), (), drivers(coarse), drivers(coarse.refine(2)), (0, 0), Calendar(month), Calendar(month),
    ...     np.full((1, 1, 1), 8.0, np.float32), None, None, 0.25)
    >>> domain.storage_of(month[0]).tolist()
    [[8.0]]
    >>> domain.observation(np.array([[4.0, 4.0], [12.0, 12.0]])).round(2).tolist()  # the southern row is a little larger
    [[8.0]]
    """

    factor: int
    memory: int
    climate_channels: tuple[str, ...]
    fine_covariates: tuple[Covariate, ...]
    coarse_drivers: Drivers
    fine_drivers: Drivers
    fine_origin: tuple[int, int]
    calendar: Calendar
    record: Calendar
    storage: DiskArray
    fine_target: DiskArray | BicubicArray | None
    fine_target_sigma: DiskArray | None
    constant_efficiency: float
    seasonal_detail: SeasonalDetail | None = None
    uncertainty: DiskArray | None = None
    point_spread: PointSpread = PointSpread()
    product_is_target: bool = False
    target_is_filtered: bool = False
    _latest: Latest[np.ndarray] = field(default_factory=Latest, repr=False, compare=False)

    @property
    def months(self) -> np.ndarray:
        """(M',) first days of the months that can be downscaled."""
        return self.calendar.months

    @property
    def knows_fine_storage(self) -> bool:
        """Whether there is a field of fine storage to learn from and to calibrate by."""
        return self.fine_target is not None and not self.target_is_filtered

    @property
    def coarse(self) -> Grid:
        return self.coarse_drivers.grid

    @property
    def fine(self) -> Grid:
        return self.coarse.refine(self.factor)

    @property
    def covariates(self) -> tuple[str, ...]:
        return (*(c.name for c in self.fine_covariates), *((NAME,) if self.seasonal_detail else ()))

    @property
    def land(self) -> np.ndarray:
        """(n_lat, n_lon) land fraction of the coarse cells that ever have storage."""
        return self.coarse_drivers.land

    def of_filtered(self, spread: PointSpread) -> Domain:
        """The same one scale up of a filtered product: block means of it are what the filter shows of storage, not its means.

        Args:
            spread: what the product has been smoothed by.
        """
        return replace(self, point_spread=spread, target_is_filtered=spread.kind != "none")

    @property
    def land_fine(self) -> np.ndarray:
        """(s n_lat, s n_lon)."""
        rows, cols = self._fine_slices
        return self.fine_drivers.land[rows, cols]

    @cached_property
    def observation(self) -> Observation:
        """H: what the product shows of a fine field."""
        return Observation(self.fine, self.factor, self.land_fine, self.point_spread)

    @property
    def digest(self) -> str:
        """Sixteen digits that change with the storage, the climate, the maps, the land, the grids or the months."""
        known = [
            array_digest(np.asarray(self.storage)),
            array_digest(self.land_fine),
            *(array_digest(values) for values in self.fine_drivers.static.values()),
            self.fine_drivers.key,
            self.coarse_drivers.key,
            asdict(self.point_spread),
            [str(month) for month in self.months],
            [astuple(self.coarse), self.factor, self.fine_origin, self.climate_channels, self.covariates],
        ]
        return hashlib.sha256(json.dumps(known, default=str).encode()).hexdigest()[:16]

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    def sample_shape(self, height: int, width: int) -> SampleShape:
        return SampleShape(
            self.memory, height, width, self.factor, self.climate_channels, self.covariates, self.fine_target_sigma is not None
        )

    def sample(self, month: Month, row: int, col: int, height: int, width: int) -> dict[str, np.ndarray]:
        """The inputs of one sample, as core/schema.py describes them.

        Args:
            month: one of `calendar`.
            row: of the south-west coarse cell; may be negative. Cells outside the domain are padding: land 0, values 0.
            col: of the same cell.
            height: coarse cells.
            width: coarse cells.
        Raises: MissingMonths: where there is no such month.
        """
        climate_now = self.coarse_drivers.calendar.position(month)
        window = self._window(row, col, height, width)
        fine = window.refined(self.factor)

        storage = window.cut(self.storage_of(month))
        share = window.cut(self.land)
        valid = np.isfinite(storage) & (share > 0)
        land = np.where(valid, share, 0.0)
        land_fine = fine.cut(self.land_fine) * nearest_upsample(valid, self.factor)
        previous = self.previous_of(month)
        before = np.zeros_like(storage) if previous is None else window.cut(previous)
        has_all_previous = valid & np.isfinite(before)

        water, efficiency = self._water(climate_now, window, valid)
        place = self.coarse.window(row, col, height, width)
        sample = {
            "climate": self._climate(climate_now, window),
            "gwsa": np.where(valid, storage, 0.0)[..., None],
            "gwsa_previous": np.where(has_all_previous, before, 0.0)[..., None],
            "has_previous": np.float32(previous is not None),
            "net_water_input": water[..., None],
            "infiltration_efficiency": np.where(has_all_previous, efficiency, 0.0)[..., None],
            "land": land[..., None],
            "land_fine": land_fine[..., None],
            "time": np.float32(month_number(month)),
            "latitude": place.lat,
            "longitude": place.lon,
        }
        if self.covariates:
            maps = np.concatenate([fine.cut(part) for part in self._covariate_maps(month)])
            sample["covariates_fine"] = np.moveaxis(maps, 0, -1) * (land_fine > 0)[..., None]
        return {name: np.asarray(value, dtype=np.float32, order="C") for name, value in sample.items()}

    def _covariate_maps(self, month: Month) -> list[np.ndarray]:
        """Arrays (k, s n_lat, s n_lon) that together are all fine covariates of a month over the domain."""
        rows, cols = self._fine_slices
        maps = [self.fine_drivers.covariates(self.fine_covariates, month)[:, rows, cols]] if self.fine_covariates else []
        detail = self.seasonal_detail
        return maps if detail is None else [*maps, self._latest.get(str(month), lambda: detail.of(month)[None])]

    def target(self, month: Month, row: int, col: int, height: int, width: int) -> np.ndarray:
        """(s·height, s·width, 1) mm; NaN outside the domain and wherever the fine storage or the coarse cell is unknown."""
        if self.product_is_target:
            shown = self._window(row, col, height, width).cut(self.storage_of(month), outside=np.nan)
            return nearest_upsample(shown, self.factor)[..., None].astype(np.float32)
        if self.fine_target is None:
            raise BadInput("target", expected="a fine field at this scale", found="none", remedy="choose another target")
        return self._cut_fine(self.fine_target, month, row, col, height, width)

    def target_sigma(self, month: Month, row: int, col: int, height: int, width: int) -> np.ndarray | None:
        """(s·height, s·width, 1) mm, or None where the target comes without a standard error."""
        if self.fine_target_sigma is None:
            return None
        return np.nan_to_num(self._cut_fine(self.fine_target_sigma, month, row, col, height, width))

    def storage_of(self, month: Month) -> np.ndarray:
        """(n_lat, n_lon) mm, coarse storage of a month of `record`."""
        return self.storage[self.record.position(month)]

    def uncertainty_of(self, month: Month) -> np.ndarray | None:
        """(n_lat, n_lon) mm, the product's own standard error in that month; None where it states none."""
        return None if self.uncertainty is None else self.uncertainty[self.record.position(month)]

    def previous_of(self, month: Month) -> np.ndarray | None:
        """(n_lat, n_lon) mm, coarse storage of the month before; None where the record lacks that month."""
        before = self.record.position_before(month)
        return None if before is None else self.storage[before]

    def water_of(self, month: Month) -> tuple[np.ndarray, np.ndarray] | None:
        """(n_lat, n_lon) each: P − ET, mm month⁻¹, and the share α of it that infiltrates; both 0 where there is no storage.

        None where the climate does not tell P − ET.
        """
        if "net_water_input" not in self.coarse_drivers.channels:
            return None
        valid = np.isfinite(self.storage_of(month)) & (self.land > 0)
        return self._water(self.coarse_drivers.calendar.position(month), self._window(0, 0, *self.coarse.shape), valid)

    def climate_of(self, month: Month) -> np.ndarray:
        """(T, n_lat, n_lon, D) the climate that the network sees for a month."""
        now = self.coarse_drivers.calendar.position(month)
        return self._climate(now, self._window(0, 0, *self.coarse.shape))

    def _climate(self, now: int, window: Window) -> np.ndarray:
        """(T, height, width, D)."""
        steps = slice(now - self.memory + 1, now + 1)
        channels = [window.cut(self.coarse_drivers.channels[name][steps]) for name in self.climate_channels]
        return np.stack(channels, axis=-1) if channels else np.zeros((self.memory, window.height, window.width, 0), np.float32)

    def _cut_fine(self, array: DiskArray | BicubicArray, month: Month, row: int, col: int, height: int, width: int) -> np.ndarray:
        now = self.record.position(month)
        rows, cols = self._fine_slices
        window = self._window(row, col, height, width)
        values = window.refined(self.factor).cut(array[now, rows, cols], outside=np.nan)
        known = nearest_upsample(np.isfinite(window.cut(self.storage[now], outside=np.nan)), self.factor)
        return np.where(known, values, np.nan)[..., None].astype(np.float32)

    def _window(self, row: int, col: int, height: int, width: int) -> Window:
        return Window(self.coarse.shape, row, col, height, width, self.coarse.is_periodic)

    @property
    def _fine_slices(self) -> tuple[slice, slice]:
        top, left = self.fine_origin
        return slice(top, top + self.coarse.n_lat * self.factor), slice(left, left + self.coarse.n_lon * self.factor)

    def _water(self, climate_now: int, window: Window, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P − ET and α of the month, (height, width); both 0 where P − ET is unknown."""
        if "net_water_input" not in self.coarse_drivers.channels:
            return np.zeros(valid.shape), np.zeros(valid.shape)
        water = np.where(valid, window.cut(self.coarse_drivers.channels["net_water_input"][climate_now]), 0.0)
        if "soil_moisture" in self.coarse_drivers.channels:
            efficiency = infiltration_efficiency(window.cut(self.coarse_drivers.channels["soil_moisture"][climate_now]))
        else:
            efficiency = np.full(valid.shape, self.constant_efficiency)
        return water, np.where(valid, efficiency, 0.0)
