"""A real climate that drives a world: the user has its files, the true fine climate has the detail that they lack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import ndimage

from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.twin.climate import LAPSE_RATE, Climate, mean_wind, orographic_factor
from gwkeras.twin.family import Relief
from gwkeras.twin.linear_interpolation import linear_weights
from gwkeras.twin.random_fields import FractalField, SmoothField, generator
from gwkeras.twin.terrain import Terrain, make_terrain, terrain_of

MONTHS_BEFORE, MONTHS_OF_RECORD = 12, 24
"""At least so many months of climate before the product's first month, and of the product."""

_LOWEST_LAND = 5.0  # m
_SEA_LEVEL = 12.0  # m: truncated harmonics ripple by about ten metres over the sea
_SMALLEST_SEA = 50  # cells; fewer low ones in one piece are a lake or a delta


@dataclass(frozen=True)
class GivenClimate:
    """Months without gaps at a climate record's own grid.

    Args:
        grid: its cells, some 0.1° to 1°.
        months: (month,) datetime64[M].
        precipitation: mm month⁻¹, (month, n_lat, n_lon); NaN at sea, or known there too.
        temperature: K, the same.
        elevation: m, (n_lat, n_lon), negative or low at sea; None where the files have none.
        land: area fraction, (n_lat, n_lon); None where the files have none.
        paths: the files.
    Raises: MissingMonths: where months are lacking between the first and the last.
    """

    grid: Grid
    months: np.ndarray
    precipitation: np.ndarray
    temperature: np.ndarray
    elevation: np.ndarray | None = None
    land: np.ndarray | None = None
    paths: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        late = np.flatnonzero(np.diff(self.months.astype(np.int64)) != 1)
        if late.size:
            raise MissingMonths(
                self.where,
                expected="a climate record without gaps",
                found=f"nothing between {self.months[late[0]]} and {self.months[late[0] + 1]}",
                remedy="give files of the months between",
            )

    @cached_property
    def known(self) -> np.ndarray:
        """Cells with data in all months, bool, (n_lat, n_lon)."""
        return np.isfinite(self.precipitation).all(axis=0) & np.isfinite(self.temperature).all(axis=0)

    @property
    def where(self) -> str:
        """The files in messages."""
        return ", ".join(map(str, self.paths[:2])) or "climate"

    def box(self, step: float) -> tuple[float, float, float, float]:
        """South, north, west, east of the largest box of whole cells of `step` degrees between the record's outermost centres."""
        low = [np.ceil(axis[0] / step - 1e-6) * step for axis in (self.grid.lat, self.grid.lon)]
        high = [np.floor(axis[-1] / step + 1e-6) * step for axis in (self.grid.lat, self.grid.lon)]
        return float(low[0]), float(high[0]), float(low[1]), float(high[1])

    def require(self, grid: Grid, climate_months: np.ndarray, months: np.ndarray) -> None:
        """Checks that the record serves a world.

        Args:
            grid: of the world.
            climate_months: (month,) datetime64[M] that it asks of the record.
            months: likewise, of the product.
        Raises: GridMismatch: where the record does not cover `grid`. MissingMonths: where it is too short.
        """
        mine = self.grid
        half = (mine.lat_step / 2 + 1e-6, mine.lon_step / 2 + 1e-6)
        if (
            grid.south < mine.lat[0] - half[0]
            or grid.north > mine.lat[-1] + half[0]
            or grid.west < mine.lon[0] - half[1]
            or grid.east > mine.lon[-1] + half[1]
        ):
            raise GridMismatch(
                f"{self.where}, region",
                expected=f"a region inside the climate's {mine.south:g}…{mine.north:g}°N {mine.west:g}…{mine.east:g}°E",
                found=f"{grid.south:g}…{grid.north:g}°N {grid.west:g}…{grid.east:g}°E",
                remedy="choose another region, or leave it out",
            )
        if climate_months[0] < self.months[0] or climate_months[-1] > self.months[-1]:
            raise MissingMonths(
                self.where,
                expected=f"climate of {climate_months[0]} to {climate_months[-1]}",
                found=self._span,
                remedy="ask for other months, or leave them out",
            )
        if len(climate_months) - len(months) < MONTHS_BEFORE or len(months) < MONTHS_OF_RECORD:
            raise self._too_short(months[0])

    def usual_months(self, first: np.datetime64, last: np.datetime64) -> dict[str, str]:
        """Months of a product from `first` to `last`, or as much of them as the record serves; by their names in `TwinConfig`.

        Raises: MissingMonths: where it does not serve enough of them.
        """
        begin, end = max(self.months[0] + MONTHS_BEFORE, first), min(self.months[-1], last)
        if int((end - begin).astype(int)) + 1 < MONTHS_OF_RECORD:
            raise self._too_short(begin)
        return {"climate_first_month": str(self.months[0]), "first_month": str(begin), "last_month": str(end)}

    @property
    def _span(self) -> str:
        return f"{self.months[0]} to {self.months[-1]}"

    def _too_short(self, first: np.datetime64) -> MissingMonths:
        return MissingMonths(
            self.where,
            expected=f"climate from {MONTHS_BEFORE} months before the product's first ({first}) and for at least "
            f"{MONTHS_OF_RECORD} months of it",
            found=self._span,
            remedy="give a longer climate record, or another first month",
        )


def given_terrain(grid: Grid, given: GivenClimate, seed: int, relief: Relief) -> Terrain:
    """The record's own heights with hills that are finer than it; a synthetic terrain where it has none.

    Raises: BadInput: where the region holds no land.
    """
    rng = generator(seed, "given terrain")
    rows, cols = linear_weights(given.grid.lat, grid.lat), linear_weights(given.grid.lon, grid.lon)
    ragged = 0.12 * FractalField(grid, 0.5, 3.2).draw(rng)
    land = rows @ _land(given) @ cols.T + ragged > 0.5
    if not land.any():
        raise BadInput(f"{given.where}, region", expected="land", found="none", remedy="choose another region")
    if given.elevation is None:
        height = make_terrain(grid, seed, 0.0, relief).elevation
    else:
        smooth = np.maximum(rows @ np.nan_to_num(given.elevation) @ cols.T, 0.0)
        cells = given.grid.lat_step / grid.lat_step
        hills = FractalField(grid, 0.8, 3.0).draw(rng)
        hills = hills - ndimage.gaussian_filter(hills, cells, mode="nearest")
        mean = ndimage.gaussian_filter(smooth, cells, mode="nearest")
        spread = np.sqrt(np.maximum(ndimage.gaussian_filter(smooth**2, cells, mode="nearest") - mean**2, 0.0))
        height = smooth + (15.0 + 1.2 * spread) * hills
    return terrain_of(grid, np.where(land, np.maximum(height, _LOWEST_LAND), -1.0), land)


def given_climate(grid: Grid, given: GivenClimate, terrain: Terrain, months: np.ndarray, seed: int) -> Climate:
    """The true fine climate: the record brought to `grid` by lapse rate and orography, with the errors that it has of the truth.

    Args:
        grid: fine cells.
        given: the record; `require` has passed.
        terrain: on `grid`.
        months: (month,) datetime64[M] of the record.
        seed: of detail and errors.
    """
    rows, cols = linear_weights(given.grid.lat, grid.lat), linear_weights(given.grid.lon, grid.lon)
    cells = given.grid.lat_step / grid.lat_step
    known = _nearest_known(given.known)
    heights = np.maximum(terrain.elevation, 0.0)
    if given.elevation is None:
        back = linear_weights(grid.lat, given.grid.lat), linear_weights(grid.lon, given.grid.lon)
        own = back[0] @ ndimage.gaussian_filter(heights, cells, mode="nearest") @ back[1].T
    else:
        own = np.maximum(np.nan_to_num(given.elevation), 0.0)[known]
    rng = generator(seed, "given climate")
    oro = np.log(orographic_factor(grid, terrain.elevation, *mean_wind(grid, rng))) + 0.08 * FractalField(grid, 0.6, 2.8).draw(
        rng
    )
    valleys = 0.4 * FractalField(grid, 0.6, 3.0).draw(rng)
    wet_bias, warm_bias = SmoothField(grid, 2.5).draw(rng), SmoothField(grid, 2.5).draw(rng)
    wet_errors = SmoothField(grid, 2.0).draws(rng, len(months), 0.2)
    warm_errors = SmoothField(grid, 4.0).draws(rng, len(months), 0.2)
    storms = FractalField(grid, 0.6, 3.0).draws(generator(seed, "given storms"), len(months))
    windiness = generator(seed, "given wind").normal(1.0, 0.4, len(months))
    rain, heat = np.empty((len(months), *grid.shape), np.float32), np.empty((len(months), *grid.shape), np.float32)
    start = int((months[0] - given.months[0]).astype(int))
    for i, (wet_error, warm_error, storm) in enumerate(zip(wet_errors, warm_errors, storms, strict=True)):
        detail = np.exp(windiness[i] * 0.8 * oro + 0.20 * storm)
        detail = detail / ndimage.gaussian_filter(detail, cells, mode="nearest")  # means over some two cells of the record stay
        coarse = np.maximum(given.precipitation[start + i].astype(np.float64)[known], 0.0)
        rain[i] = (rows @ coarse @ cols.T) * detail * np.exp(0.10 * wet_bias + 0.13 * wet_error - 0.013)
        level = given.temperature[start + i].astype(np.float64)[known] + LAPSE_RATE * own
        heat[i] = rows @ level @ cols.T - LAPSE_RATE * heights + valleys + 0.5 * warm_bias + 0.25 * warm_error
    return Climate(months, rain, heat)


def _land(given: GivenClimate) -> np.ndarray:
    """Land fraction at the record's grid: its own, or where it has data, or what does not lie at sea level in one large piece."""
    if given.land is not None:
        return np.nan_to_num(given.land).astype(np.float64)
    if not given.known.all() or given.elevation is None:
        return given.known.astype(np.float64)
    pieces, _ = ndimage.label(given.elevation < _SEA_LEVEL, structure=np.ones((3, 3)))
    sizes = np.bincount(pieces.ravel())
    large = np.flatnonzero(sizes >= _SMALLEST_SEA)
    return (~np.isin(pieces, large[large > 0])).astype(np.float64)


def _nearest_known(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the nearest known cell, (n_lat, n_lon) each."""
    rows, cols = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return rows, cols
