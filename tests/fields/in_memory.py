"""Fields of a run without files, for tests of what is made of them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.fields.record import Fields

PRODUCT = Grid(10.0, 100.0, 0.5, 0.5, 8, 9)
CLIMATE_FIRST, CLIMATE_MONTHS = -4, 40  # 2001-09 on
STORAGE_MONTHS = (0, 1, 2, 5, 6, 30, 31, 35)  # since 2002-01; gaps as in every record of GRACE


def record(grid: Grid, months, values: np.ndarray) -> xr.DataArray:
    coords = {"time": from_month_number(np.asarray(months)), "lat": grid.lat, "lon": grid.lon}
    return xr.DataArray(values.astype(np.float32), dims=("time", "lat", "lon"), coords=coords)


def fields_map(grid: Grid, values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, np.float32), dims=("lat", "lon"), coords={"lat": grid.lat, "lon": grid.lon})


def make_fields(
    grid: Grid = PRODUCT,
    *,
    climate_grid: Grid | None = None,
    seed: int = 0,
    storage_months=STORAGE_MONTHS,
    climate_first: int = CLIMATE_FIRST,
    climate_months: int = CLIMATE_MONTHS,
    fingerprint: str = "a",
    channels=("precipitation", "temperature"),
    **replaced,
) -> Fields:
    """Random storage, climate on the product's grid refined by two and a static elevation on it refined by four."""
    rng = np.random.default_rng(seed)
    around = climate_grid or grid.refine(2)
    ranges = {"precipitation": (0, 200), "temperature": (250, 310), "soil_moisture": (0, 0.5), "evapotranspiration": (5, 90)}
    months = climate_first + np.arange(climate_months)
    shape = (climate_months, *around.shape)
    climate = {name: record(around, months, rng.uniform(*ranges[name], shape)) for name in channels}
    gwsa = record(grid, storage_months, rng.normal(0, 50, (len(storage_months), *grid.shape)))
    static = {"elevation": fields_map(grid.refine(4), rng.uniform(0, 900, grid.refine(4).shape))}
    given: dict = {"gwsa": gwsa, "climate": climate, "static": static, "sources": [], "notes": [], "grid": grid}
    given |= dict.fromkeys(("uncertainty", "land", "reference", "truth")) | {"fingerprint": fingerprint}
    return Fields(**given | replaced)
