"""The downscaled record of a run as fields for the report's map, if there is no fine truth."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import Config
from gwkeras.core.errors import BadInput, GwkerasError
from gwkeras.core.grid import Grid
from gwkeras.evaluate.stored.fields import interval_factor
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.interpolation import Kind, upsample
from gwkeras.fields.record import read_product

SMOOTH: Kind = "bicubic"
"""The interpolation of the product that the record's detail is measured against."""

_MONTHS = 12  # of the product that are interpolated at once


def record_fields(record: Path, method: str, config: Config) -> xr.Dataset:
    """The record, the product and its interpolation, laid out like judged fields but without a truth.

    dims (method, time, lat, lon), methods the record's and `SMOOTH`, and (time, lat_product, lon_product); mm, a month is read
    when it is asked for. Where the product's files are no longer there, or have other cells, the record stands alone.

    Args:
        record: NetCDF written by gwkeras downscale.
        method: its name.
        config: of the run.
    Raises: BadInput: where the file is no such record.
    """
    try:
        file = xr.open_dataset(record, engine="netcdf4", chunks={})
        fine = Grid.from_centres(file["lat"].values, file["lon"].values, where=record)
        mean, unknown = file["gwsa"], xr.full_like(file["gwsa"], np.nan)
        sigma = file.get("gwsa_sigma", unknown)
        land = np.isfinite(mean.isel(time=file.sizes["time"] // 2).values).astype(np.float32)
        factor, probability = _interval(file)
    except (OSError, RuntimeError, KeyError, IndexError, ValueError) as error:
        raise no_record(record, error) from error
    own = {"mean": mean, "sigma": sigma, "interval_factor": factor, "interval_probability": probability}
    methods = [xr.Dataset(own).expand_dims(method=[method])]
    product = _product(config, fine, mean["time"].values.astype("datetime64[M]"))
    if product is not None:
        smooth = _smooth(product, fine, config.sample.factor).assign_coords(mean.coords)
        shown = {"mean": smooth, "sigma": unknown, "interval_factor": np.nan, "interval_probability": np.nan}
        methods.append(xr.Dataset(shown).expand_dims(method=[SMOOTH]))
    found = xr.concat(methods, "method", data_vars="all").assign(land_fraction=(("lat", "lon"), land))
    return found if product is None else found.assign(product=product)


def no_record(path: Path, error: Exception) -> BadInput:
    """What is said of a file that is no record of gwkeras downscale."""
    return BadInput(
        path,
        expected="a record that gwkeras downscale wrote",
        found=f"something else ({error})",
        remedy="run gwkeras downscale again",
    )


def _interval(file: xr.Dataset) -> tuple[float, float]:
    """Half width of the interval in standard deviations, and its probability; NaN where the file has none."""
    if "gwsa_upper" not in file or "gwsa_sigma" not in file:
        return np.nan, np.nan
    mean, sigma, upper = (file[name].isel(time=0).values for name in ("gwsa", "gwsa_sigma", "gwsa_upper"))
    return interval_factor(mean, sigma, upper), float(file["gwsa_upper"].attrs["interval_probability"])


def _product(config: Config, fine: Grid, months: np.ndarray) -> xr.DataArray | None:
    """(time, lat_product, lon_product) mm; None where it cannot be read, or its cells are not those of the record."""
    try:
        product = read_product(config.data)
        coarse = fine.coarsen(config.sample.factor)
        near = product.sel(lat=coarse.lat, lon=coarse.lon, method="nearest", tolerance=0.01 * coarse.lat_step)
        stamps = near["time"].values.astype("datetime64[M]")
        if grid_of(near) != coarse or not np.isin(months, stamps).all():
            return None
    except (GwkerasError, OSError, KeyError, ValueError):
        return None
    chosen = near.isel(time=np.searchsorted(stamps, months)).chunk(time=_MONTHS, lat=-1, lon=-1)
    return chosen.drop_vars(list(chosen.coords)).rename(lat="lat_product", lon="lon_product")


def _smooth(product: xr.DataArray, fine: Grid, factor: int) -> xr.DataArray:
    """(time, lat, lon) the product's interpolation."""
    return xr.apply_ufunc(
        partial(upsample, factor=factor, kind=SMOOTH, periodic=fine.is_periodic),
        product,
        input_core_dims=[["lat_product", "lon_product"]],
        output_core_dims=[["lat", "lon"]],
        dask="parallelized",
        output_dtypes=[np.float32],
        dask_gufunc_kwargs={"output_sizes": {"lat": fine.n_lat, "lon": fine.n_lon}, "allow_rechunk": True},
    )
