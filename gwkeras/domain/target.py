"""The fine field that a domain's target is: an interpolation of the product, or a reference."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.errors import GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.latest import Latest
from gwkeras.core.months import month_number
from gwkeras.domain.array_cache import DiskArray, array_digest, cached_array
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.fields.grids.regrid import Regridder


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


def reference_target(
    reference: xr.DataArray, grid: Grid, stamps: np.ndarray, valid_share: float, key: object, cache: Path
) -> DiskArray:
    """A fine field on `grid` in the months of the product, (M, n_lat, n_lon) mm; NaN in months that it lacks.

    Args:
        reference: (time, lat, lon) mm, on its own grid.
        grid: to regrid it to.
        stamps: (M,) first days of the product's months.
        valid_share: of a cell's area that must have data.
        key: changes with the content of `reference`.
        cache: folder for the regridded array.
    Raises: GridMismatch: where it is coarser than `grid`. MissingMonths: where it shares no month with the product.
    """
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
    named = [key, "reference", astuple(grid), array_digest(stamps), valid_share]
    return cached_array(
        cache,
        named,
        (len(stamps), *grid.shape),
        lambda part: regridder(aligned.isel(time=part).values, minimum_valid_share=valid_share),
        step_bytes=4 * source.n_lat * source.n_lon,
    )
