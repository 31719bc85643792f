"""A domain with known numbers, in the form of gwkeras.domain.domain.Domain; here so that spawned processes find it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.months import from_month_number, month_number
from gwkeras.core.schema import SampleShape
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.opening import Domains
from gwkeras.domain.split import divide


@dataclass(frozen=True)
class FakeDomain:
    """Fields that are functions of month, row and column, so that each number of a sample says where it is from."""

    n_lat: int = 12
    n_lon: int = 20
    n_months: int = 30
    factor: int = 2
    memory: int = 3
    step: float = 0.5
    sigma: bool = False
    pause: float = 0.0
    fail_after: int = -1  # month index from which the disk is full

    climate_channels = ("precipitation", "temperature")
    fine_covariates = (Covariate("elevation", "elevation", "static"),)
    covariates = ("elevation",)
    fine_target = None  # what `target` cuts from; here it computes its numbers
    seasonal_detail = None

    @property
    def coarse(self) -> Grid:
        return Grid(10.0, 100.0, self.step, self.step, self.n_lat, self.n_lon)

    @property
    def fine(self) -> Grid:
        return self.coarse.refine(self.factor)

    @property
    def months(self) -> np.ndarray:
        numbers = np.arange(self.n_months + 1)
        return from_month_number(numbers[numbers != 7])  # one missing month, as in every GRACE record

    @property
    def land(self) -> np.ndarray:
        land = np.ones(self.coarse.shape, np.float32)
        land[0, :] = 0.25
        land[:, -4:] = 0.0
        return land

    @property
    def land_fine(self) -> np.ndarray:
        return nearest_upsample(self.land, self.factor)

    def sample_shape(self, height: int, width: int) -> SampleShape:
        return SampleShape(self.memory, height, width, self.factor, self.climate_channels, self.covariates, self.sigma)

    def storage(self, number: int) -> np.ndarray:
        row, col = np.mgrid[: self.n_lat, : self.n_lon]
        return 100.0 * np.sin(number + 0.3 * row + 0.1 * col)

    def sample(self, month: np.datetime64, row: int, col: int, height: int, width: int) -> dict[str, np.ndarray]:
        if int(np.searchsorted(self.months, month)) >= self.fail_after >= 0:
            raise OSError(28, "No space left on device")
        time.sleep(self.pause)
        number = int(month_number(month))

        def cut(values: np.ndarray, factor: int = 1) -> np.ndarray:
            return window(values, row * factor, col * factor, height * factor, width * factor, 0.0)

        land = cut(self.land)
        previous = bool(np.isin(number - 1, month_number(self.months)))
        climate = [
            np.stack([cut(self.storage(number - k) + c), cut(self.storage(number - k) / 3)], -1)
            for c, k in [(7.0, k) for k in reversed(range(self.memory))]
        ]
        place = self.coarse.window(row, col, height, width)
        fine_row, fine_col = np.mgrid[: self.fine.n_lat, : self.fine.n_lon]
        sample = {
            "climate": np.stack(climate),
            "gwsa": (cut(self.storage(number)) * (land > 0))[..., None],
            "gwsa_previous": (cut(self.storage(number - 1)) * (land > 0) * previous)[..., None],
            "has_previous": np.float32(previous),
            "net_water_input": (cut(self.storage(number) * 0.5) * (land > 0))[..., None],
            "infiltration_efficiency": (0.2 * (land > 0))[..., None],
            "land": land[..., None],
            "land_fine": cut(self.land_fine, self.factor)[..., None],
            "covariates_fine": cut((fine_row * 3.0 + fine_col) * (self.land_fine > 0), self.factor)[..., None],
            "time": np.float32(number),
            "latitude": place.lat,
            "longitude": place.lon,
        }
        return {name: np.asarray(value, np.float32) for name, value in sample.items()}

    def target(self, month: np.datetime64, row: int, col: int, height: int, width: int) -> np.ndarray:
        f = self.factor
        fine = nearest_upsample(self.storage(int(month_number(month))), f) + np.mgrid[: f * self.n_lat, : f * self.n_lon][1] % f
        fine = np.where(self.land_fine > 0, fine, np.nan)
        return window(fine, row * f, col * f, height * f, width * f, np.nan)[..., None].astype(np.float32)

    def target_sigma(self, month: np.datetime64, row: int, col: int, height: int, width: int) -> np.ndarray | None:
        return np.full((self.factor * height, self.factor * width, 1), 5.0, np.float32) if self.sigma else None


def domains_of(config: Config, *train: FakeDomain, coarser: tuple[FakeDomain, ...] = ()) -> Domains:
    """What `build_domains` opens: these, divided as the configuration says."""
    first = train[0]
    return Domains(train, coarser, divide(first.months, first.coarse, first.land, config.split))  # type: ignore[arg-type]


def window(values: np.ndarray, row: int, col: int, height: int, width: int, outside: float) -> np.ndarray:
    rows, cols = np.arange(row, row + height), np.arange(col, col + width)
    inside = ((rows >= 0) & (rows < values.shape[0]))[:, None] & ((cols >= 0) & (cols < values.shape[1]))[None, :]
    return np.where(inside, values[np.clip(rows, 0, values.shape[0] - 1)][:, np.clip(cols, 0, values.shape[1] - 1)], outside)
