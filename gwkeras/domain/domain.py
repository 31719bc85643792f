"""A domain: what the network sees of the fields at one pair of grids, coarse and fine.

Training shards and whole-region downscaling cut their samples here, so that what is trained is what is run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.core.months import month_number
from gwkeras.core.schema import SampleShape
from gwkeras.domain.array_cache import DiskArray
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.drivers import Drivers
from gwkeras.domain.seasonal_detail import NAME, SeasonalDetail
from gwkeras.fields.evapotranspiration import infiltration_efficiency
from gwkeras.fields.grids.interpolation import upsample


@dataclass(frozen=True)
class BicubicArray:
    """The bicubic interpolation of `storage`, computed a month at a time: for the globe the whole would be 4 GB."""

    storage: DiskArray
    factor: int
    periodic: bool
    _latest: Latest[np.ndarray] = field(default_factory=Latest, repr=False, compare=False)

    def __getitem__(self, index: tuple[int, slice, slice]) -> np.ndarray:
        month, rows, cols = index
        whole = self._latest.get(month, lambda: upsample(self.storage[month], self.factor, "bicubic", periodic=self.periodic))
        return whole[rows, cols]


@dataclass(frozen=True)
class Domain:
    """Storage on a coarse grid with all that is known on it and on the grid `factor` times finer.

    Args:
        coarse, fine: layers; `fine.grid` is `coarse.grid.refine(factor)`, or contains it from cell `fine_origin` on.
        months: (M,) first days of the months that have storage and a whole climate sequence.
        storage: (M', n_lat, n_lon) mm, NaN where missing, of all months in `storage_months`.
        fine_target: (M', s n_lat, s n_lon) mm on the whole of `fine.grid`, or None where nothing fine is known.
    """

    factor: int
    memory: int
    climate_channels: tuple[str, ...]
    fine_covariates: tuple[Covariate, ...]
    coarse_drivers: Drivers
    fine_drivers: Drivers
    fine_origin: tuple[int, int]
    months: np.ndarray
    storage_months: np.ndarray
    storage: DiskArray
    fine_target: DiskArray | BicubicArray | None
    fine_target_sigma: DiskArray | None
    constant_efficiency: float
    seasonal_detail: SeasonalDetail | None = None
    _latest: Latest[np.ndarray] = field(default_factory=Latest, repr=False, compare=False)

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

    @property
    def land_fine(self) -> np.ndarray:
        """(s n_lat, s n_lon)."""
        rows, cols = self._fine_slices
        return self.fine_drivers.land[rows, cols]

    def sample_shape(self, height: int, width: int) -> SampleShape:
        return SampleShape(
            self.memory, height, width, self.factor, self.climate_channels, self.covariates, self.fine_target_sigma is not None
        )

    def sample(self, month: int, row: int, col: int, height: int, width: int) -> dict[str, np.ndarray]:
        """The inputs of one sample, as core/schema.py describes them.

        Args:
            month: index into `months`.
            row, col: south-west coarse cell; may be negative. Cells outside the domain are padding: land 0, values 0.
        """
        stamp = self.months[month]
        now = int(np.searchsorted(self.storage_months, stamp))
        climate_now = int(np.searchsorted(self.coarse_drivers.months, stamp))
        window = self._window(row, col, height, width)
        fine = window.refined(self.factor)

        storage = window.cut(self.storage[now])
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
            "time": np.float32(month_number(stamp)),
            "latitude": place.lat,
            "longitude": place.lon,
        }
        if self.covariates:
            maps = np.concatenate([fine.cut(part) for part in self._covariate_maps(climate_now, now)])
            sample["covariates_fine"] = np.moveaxis(maps, 0, -1) * (land_fine > 0)[..., None]
        return {name: np.asarray(value, dtype=np.float32, order="C") for name, value in sample.items()}

    def _covariate_maps(self, climate_now: int, now: int) -> list[np.ndarray]:
        """Arrays (k, s n_lat, s n_lon) that together are all fine covariates of a month over the domain."""
        rows, cols = self._fine_slices
        maps = [self.fine_drivers.covariates(self.fine_covariates, climate_now)[:, rows, cols]] if self.fine_covariates else []
        detail = self.seasonal_detail
        return maps if detail is None else [*maps, self._latest.get(now, lambda: detail.of(now)[None])]

    def target(self, month: int, row: int, col: int, height: int, width: int) -> np.ndarray:
        """(s·height, s·width, 1) mm; NaN outside the domain and wherever the fine storage or the coarse cell is unknown."""
        if self.fine_target is None:
            raise BadInput("target", expected="a fine field at this scale", found="none", remedy="choose another target")
        return self._cut_fine(self.fine_target, month, row, col, height, width)

    def target_sigma(self, month: int, row: int, col: int, height: int, width: int) -> np.ndarray | None:
        """(s·height, s·width, 1) mm, or None where the target comes without a standard error."""
        if self.fine_target_sigma is None:
            return None
        return np.nan_to_num(self._cut_fine(self.fine_target_sigma, month, row, col, height, width))

    def storage_of(self, month: int) -> np.ndarray:
        """(n_lat, n_lon) mm, coarse storage of `months[month]`."""
        return self.storage[int(np.searchsorted(self.storage_months, self.months[month]))]

    def previous_of(self, month: int) -> np.ndarray | None:
        """(n_lat, n_lon) mm, coarse storage of the month before `months[month]`; None where the record lacks that month."""
        now = int(np.searchsorted(self.storage_months, self.months[month]))
        consecutive = now > 0 and month_number(self.storage_months[now - 1]) == month_number(self.months[month]) - 1
        return self.storage[now - 1] if consecutive else None

    def climate_of(self, month: int) -> np.ndarray:
        """(T, n_lat, n_lon, D) the climate that the network sees for `months[month]`."""
        now = int(np.searchsorted(self.coarse_drivers.months, self.months[month]))
        return self._climate(now, self._window(0, 0, *self.coarse.shape))

    def _climate(self, now: int, window: _Window) -> np.ndarray:
        """(T, height, width, D)."""
        steps = slice(now - self.memory + 1, now + 1)
        channels = [window.cut(self.coarse_drivers.channels[name][steps]) for name in self.climate_channels]
        return np.stack(channels, axis=-1) if channels else np.zeros((self.memory, window.height, window.width, 0), np.float32)

    def _cut_fine(self, array: DiskArray | BicubicArray, month: int, row: int, col: int, height: int, width: int) -> np.ndarray:
        now = int(np.searchsorted(self.storage_months, self.months[month]))
        rows, cols = self._fine_slices
        window = self._window(row, col, height, width)
        values = window.refined(self.factor).cut(array[now, rows, cols], outside=np.nan)
        known = nearest_upsample(np.isfinite(window.cut(self.storage[now], outside=np.nan)), self.factor)
        return np.where(known, values, np.nan)[..., None].astype(np.float32)

    def _window(self, row: int, col: int, height: int, width: int) -> _Window:
        return _Window(self.coarse.shape, row, col, height, width, self.coarse.is_periodic)

    @property
    def _fine_slices(self) -> tuple[slice, slice]:
        top, left = self.fine_origin
        return slice(top, top + self.coarse.n_lat * self.factor), slice(left, left + self.coarse.n_lon * self.factor)

    def _water(self, climate_now: int, window: _Window, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P − ET and α of the month, (height, width); both 0 where P − ET is unknown."""
        if "net_water_input" not in self.coarse_drivers.channels:
            return np.zeros(valid.shape), np.zeros(valid.shape)
        water = np.where(valid, window.cut(self.coarse_drivers.channels["net_water_input"][climate_now]), 0.0)
        if "soil_moisture" in self.coarse_drivers.channels:
            efficiency = infiltration_efficiency(window.cut(self.coarse_drivers.channels["soil_moisture"][climate_now]))
        else:
            efficiency = np.full(valid.shape, self.constant_efficiency)
        return water, np.where(valid, efficiency, 0.0)


@dataclass(frozen=True)
class _Window:
    """A window on a domain of `shape` that may reach beyond its edges, or around the globe where it is periodic."""

    shape: tuple[int, int]
    row: int
    col: int
    height: int
    width: int
    periodic: bool = False

    def refined(self, factor: int) -> _Window:
        return _Window(
            (self.shape[0] * factor, self.shape[1] * factor),
            self.row * factor,
            self.col * factor,
            self.height * factor,
            self.width * factor,
            self.periodic,
        )

    def cut(self, values: np.ndarray, outside: float = 0.0) -> np.ndarray:
        """(..., n_lat, n_lon) -> (..., height, width)."""
        n_lat, n_lon = self.shape
        if self.periodic and (self.col < 0 or self.col + self.width > n_lon):
            values = np.take(values, np.arange(self.col, self.col + self.width) % n_lon, axis=-1)
            return replace(self, shape=(n_lat, self.width), col=0, periodic=False).cut(values, outside)
        top, bottom = (min(max(row, 0), n_lat) for row in (self.row, self.row + self.height))
        left, right = (min(max(col, 0), n_lon) for col in (self.col, self.col + self.width))
        inside = values[..., top:bottom, left:right]
        if inside.shape[-2:] == (self.height, self.width):
            return inside
        padded = np.full((*values.shape[:-2], self.height, self.width), outside, dtype=values.dtype)
        if inside.size:
            padded[..., top - self.row : bottom - self.row, left - self.col : right - self.col] = inside
        return padded
