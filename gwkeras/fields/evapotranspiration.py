"""Actual evapotranspiration from potential, and the water that is left for recharge."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import xarray as xr

from gwkeras.core.errors import GridMismatch, MissingMonths
from gwkeras.core.months import month_number
from gwkeras.core.units import MONTHLY_TOTAL
from gwkeras.fields.pet import PetMethod, potential_evapotranspiration

Array = TypeVar("Array", np.ndarray, xr.DataArray)

_YEAR = 12


def evapotranspiration(
    temperature: xr.DataArray, precipitation: xr.DataArray, method: PetMethod = "oudin", aridity_cap: float = 1.0
) -> xr.DataArray:
    """ET = min(PET, aridity_cap × P̄₁₂): energy limits it in wet months and places, water in dry ones.

    P̄₁₂ is the mean precipitation of the month and the eleven before it: soil carries water from the wet season into
    the dry one, but over the years no more can evaporate than falls (the two limits of Budyko 1974). So the mean of ET
    never exceeds aridity_cap times that of P by more than what the first and last year's unequal weight makes.

    Args:
        temperature: monthly means, dims (time, lat, lon), K unless its units attribute says otherwise.
        precipitation: mm month⁻¹, same cells and months; consecutive months. Lazy where backed by dask.
        aridity_cap: share of the precipitation that may evaporate, 0 … 1 (more where rivers or irrigation bring water).
    Returns: mm month⁻¹; NaN where either is NaN.
    Raises: GridMismatch, MissingMonths: where the two differ in cells or months, or a month lacks in between.
    """
    _require_alike(temperature, precipitation)
    potential = potential_evapotranspiration(temperature, method)
    limit = aridity_cap * trailing_mean(precipitation)
    actual = potential.where((potential < limit) | potential.isnull(), limit).where(precipitation.notnull())
    actual = actual.transpose(*temperature.dims).astype(precipitation.dtype)
    actual.attrs = {"units": MONTHLY_TOTAL, "long_name": f"evapotranspiration, {method}, at most {aridity_cap:g} of rainfall"}
    return actual.rename("evapotranspiration")


def trailing_mean(precipitation: xr.DataArray) -> xr.DataArray:
    """Mean of each month and the eleven before it; the first eleven months take the mean of the record's first twelve.

    A shorter trailing mean would make the first months follow the season. NaN months are left out of the means.
    Raises: MissingMonths: where the months are not consecutive.
    """
    months = month_number(precipitation["time"].values)
    if (np.diff(months) != 1).any():
        raise MissingMonths(
            precipitation.name or "precipitation",
            expected="consecutive months",
            found="a gap or a repetition",
            remedy="give the complete climate record",
        )
    return xr.apply_ufunc(
        _trailing_mean,
        precipitation,
        input_core_dims=[["time"]],
        output_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[precipitation.dtype],
        dask_gufunc_kwargs={"allow_rechunk": True},
    ).transpose(*precipitation.dims)


def _trailing_mean(water: np.ndarray) -> np.ndarray:
    """(..., time) as `trailing_mean`."""
    water = np.ascontiguousarray(np.moveaxis(water, -1, 0))
    reach = min(_YEAR, len(water))
    valid = ~np.isnan(water)
    if valid.all():
        valid = np.ones((len(water), *(1,) * (water.ndim - 1)), dtype=bool)  # one count a month, for all cells
    else:
        water = np.where(valid, water, 0)
    total, count = water.copy(), valid.astype(water.dtype)
    for back in range(1, reach):
        total[back:] += water[:-back]
        count[back:] += valid[:-back]
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    mean[: reach - 1] = mean[reach - 1]
    return np.moveaxis(mean, 0, -1)


def net_water_input(precipitation: xr.DataArray, evapotranspiration: xr.DataArray) -> xr.DataArray:
    """Monthly water available for recharge, P − ET.

    Args:
        precipitation: mm month⁻¹, dims (time, lat, lon).
        evapotranspiration: mm month⁻¹, same cells and months.
    Returns: mm month⁻¹; NaN where either is NaN.
    Raises: GridMismatch, MissingMonths: where the two differ in cells or months.
    """
    _require_alike(evapotranspiration, precipitation)
    result = precipitation - evapotranspiration
    result.attrs = {"units": MONTHLY_TOTAL, "long_name": "precipitation less evapotranspiration"}
    return result.rename("net_water_input")


def infiltration_efficiency(soil_moisture: Array) -> Array:
    """α = 0.1 + 0.4 θ, held within 0.1 … 0.5 (the paper's recharge efficiency); `soil_moisture` θ in m³ m⁻³; NaN stays NaN."""
    return (0.1 + 0.4 * soil_moisture).clip(0.1, 0.5)


def _require_alike(first: xr.DataArray, second: xr.DataArray) -> None:
    name = f"{first.name or 'field'} and {second.name or 'precipitation'}"
    for axis in ("lat", "lon"):
        one, other = first[axis].values, second[axis].values
        if one.shape != other.shape or not np.allclose(one, other, atol=1e-4):
            raise GridMismatch(
                name,
                expected="the same cells",
                found=f"{axis} of {one.size} and {other.size} cells that differ",
                remedy="regrid one onto the other first",
            )
    if not np.array_equal(first["time"].values, second["time"].values):
        raise MissingMonths(
            name,
            expected="the same months",
            found=f"{first['time'].size} and {second['time'].size} that differ",
            remedy="select the months they have in common",
        )
