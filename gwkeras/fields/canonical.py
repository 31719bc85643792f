"""Canonical fields: dims (time, lat, lon), latitude ascending, longitude in [-180, 180), months by their first day."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import RegionConfig
from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.core.months import month_start

_NAMES = {
    "lat": {"lat", "latitude", "lats", "nav_lat", "y", "rlat"},
    "lon": {"lon", "longitude", "lons", "long", "nav_lon", "x", "rlon"},
    "time": {"time", "valid_time", "t", "times", "date", "month", "months", "forecast_reference_time"},
}
_UNITS = {
    "degrees_north": "lat",
    "degree_north": "lat",
    "degrees_n": "lat",
    "degrees_east": "lon",
    "degree_east": "lon",
    "degrees_e": "lon",
}
_STANDARD = {"latitude": "lat", "longitude": "lon", "time": "time"}


def axis_of(dim: str, data: xr.Dataset | xr.DataArray) -> str | None:
    """'lat', 'lon', 'time' or None: which axis a dimension is, by its coordinate's attributes or by its name."""
    if dim in data.coords:
        attributes = data[dim].attrs
        unit = str(attributes.get("units", "")).lower()
        if unit in _UNITS:
            return _UNITS[unit]
        if " since " in unit:
            return "time"
        if attributes.get("standard_name") in _STANDARD:
            return _STANDARD[attributes["standard_name"]]
    return next((axis for axis, names in _NAMES.items() if dim.lower() in names), None)


def axes_of(data: xr.DataArray) -> dict[str, str]:
    """Axis name -> dimension name, for the axes that the variable has."""
    found: dict[str, str] = {}
    for dim in map(str, data.dims):
        axis = axis_of(dim, data)
        if axis is None:  # the dimension is nameless ("nlat"), its coordinate is not
            axis = next((axis_of(str(c), data) for c in data.coords if data[c].dims == (dim,)), None)
        if axis is not None and axis not in found:
            found[axis] = dim
    return found


def canonical(data: xr.DataArray) -> xr.DataArray:
    """The field in canonical form, float32, lazily.

    Args:
        data: latitude, longitude and, where there is one, time, in any order and under any usual name; further
            dimensions of length one are dropped. Times are datetime64; steps of one month are averaged.
    Returns: dims (time, lat, lon) or (lat, lon); name and attributes are kept.
    Raises: BadInput: no latitude and longitude, or further dimensions. GridMismatch: a region across the dateline.
    """
    where = _where(data)
    axes = axes_of(data)
    if "lat" not in axes or "lon" not in axes:
        raise BadInput(
            where,
            expected="dimensions latitude and longitude",
            found=str(data.dims),
            remedy="regrid it to latitude and longitude",
        )
    data = _with_plain_coordinates(data, axes, where)
    extra = [dim for dim in data.dims if dim not in ("time", "lat", "lon")]
    if any(data.sizes[dim] > 1 for dim in extra):
        sizes = ", ".join(f"{dim}: {data.sizes[dim]}" for dim in extra)
        raise BadInput(
            where, expected="dimensions time, lat, lon", found=f"also {sizes}", remedy="select one of them in the file"
        )
    data = data.squeeze(extra, drop=True)
    data = data.transpose(*(dim for dim in ("time", "lat", "lon") if dim in data.dims))
    data = _ascending_latitude(_wrapped_longitude(data, where))
    if "time" in data.dims:
        data = one_step_a_month(data)
    return _snapped(data.astype(np.float32))


def grid_of(data: xr.DataArray) -> Grid:
    """The grid of a canonical field. Raises: GridMismatch: where its cells are not evenly spaced."""
    return Grid.from_centres(data["lat"].values, data["lon"].values, where=_where(data))


def clip_region(data: xr.DataArray, region: RegionConfig, margin_cells: int = 0) -> xr.DataArray:
    """The cells whose centres lie in the region, and `margin_cells` more on each side where there are any.

    Raises: GridMismatch: where the region is upside down, crosses the dateline, or holds no cell.
    BadInput: where a field in memory has no data in it.
    """
    where = _where(data)
    require_upright(region)
    rows = _within(data["lat"].values, region.south, region.north, margin_cells)
    columns = _within(data["lon"].values, region.west, region.east, margin_cells)
    if rows is None or columns is None:
        lat, lon = data["lat"].values, data["lon"].values
        raise GridMismatch(
            where,
            expected=f"cells in the region {region.south:g}…{region.north:g}°N {region.west:g}…{region.east:g}°E",
            found=f"cells from {lat.min():g} to {lat.max():g}°N and {lon.min():g} to {lon.max():g}°E",
            remedy="choose a region inside the data, or a file that covers the region",
        )
    clipped = data.isel(lat=rows, lon=columns)
    if isinstance(clipped.variable._data, np.ndarray) and not np.isfinite(clipped.values).any():
        raise BadInput(where, expected="data in the region", found="only missing values", remedy="choose another region or file")
    return clipped


def require_upright(region: RegionConfig) -> None:
    """Raises: GridMismatch: where the region is upside down or crosses the dateline."""
    if region.south >= region.north or region.west >= region.east:
        raise GridMismatch(
            "region",
            expected="south < north and west < east",
            found=f"{region.south:g}…{region.north:g}°N {region.west:g}…{region.east:g}°E",
            remedy="correct the region; one across the dateline has to be worked in two parts",
        )


def one_step_a_month(data: xr.DataArray) -> xr.DataArray:
    """Steps sorted, stamped with the month's first day, several of one month averaged; absent months stay absent."""
    months = month_start(data["time"].values)
    order = np.argsort(months, kind="stable")
    if not np.array_equal(order, np.arange(order.size)):
        data, months = data.isel(time=order), months[order]
    data = data.assign_coords(time=("time", months))
    starts = np.flatnonzero(np.r_[True, months[1:] != months[:-1]])
    lengths = np.diff(np.r_[starts, months.size])
    if np.all(lengths == 1):
        return data
    parts, position = [], 0
    for start, length in zip(starts[lengths > 1], lengths[lengths > 1], strict=True):
        if start > position:
            parts.append(data.isel(time=slice(position, start)))
        mean = data.isel(time=slice(start, start + length)).mean("time", skipna=True, keep_attrs=True)
        parts.append(mean.expand_dims(time=months[start : start + 1]))
        position = start + length
    if position < months.size:
        parts.append(data.isel(time=slice(position, None)))
    return xr.concat(parts, dim="time", coords="minimal", compat="override", combine_attrs="override")


def _where(data: xr.DataArray) -> str:
    name = "field" if data.name is None else str(data.name)
    return f"{data.attrs['source']}, {name}" if "source" in data.attrs else name


def _with_plain_coordinates(data: xr.DataArray, axes: dict[str, str], where: object) -> xr.DataArray:
    values = {}
    for axis, dim in axes.items():
        name = (
            dim
            if dim in data.coords
            else next((c for c in data.coords if data[c].dims == (dim,) and axis_of(str(c), data) == axis), None)
        )
        if name is None:
            raise BadInput(where, expected=f"coordinate values along {dim}", found="none", remedy="add them to the file")
        values[axis] = np.asarray(data[name].values)
    data = data.drop_vars(list(data.coords)).rename({dim: axis for axis, dim in axes.items() if dim != axis})
    coordinates = {axis: (axis, v if axis == "time" else v.astype(float)) for axis, v in values.items()}
    return data.assign_coords(coordinates)


def _wrapped_longitude(data: xr.DataArray, where: object) -> xr.DataArray:
    lon = data["lon"].values
    wrapped = np.round((lon + 180.0) % 360.0 - 180.0, 6)
    wrapped[wrapped >= 180.0 - 1e-6] = -180.0
    if abs(lon[-1] - 180.0) < 1e-6 and np.all(np.diff(lon) > 0) and lon[-1] - lon[0] < 358.0:
        wrapped[-1] = 180.0  # the last column of a region that ends at the dateline; alone at -180 it would tear the grid
    order = np.argsort(wrapped, kind="stable")
    if lon.size > 2:
        step = np.median(np.abs(np.diff(lon)))
        repeated = np.r_[False, np.diff(wrapped[order]) < 0.05 * step]
        order = order[~repeated]  # the cyclic column that some files append for plotting
        gaps = np.diff(wrapped[order])
        if np.any(gaps > 1.5 * step) and np.ptp(lon) < 360.0 - 1.5 * step and np.all(np.abs(np.diff(lon)) < 1.5 * step):
            raise GridMismatch(
                where,
                expected="a region that does not cross the dateline",
                found=f"longitudes {lon[0]:g} to {lon[-1]:g}°E",
                remedy="give the whole globe, or the two sides of the dateline as two records",
            )
    if np.array_equal(order, np.arange(lon.size)):
        return data.assign_coords(lon=wrapped)
    return data.isel(lon=order).assign_coords(lon=wrapped[order])


def _ascending_latitude(data: xr.DataArray) -> xr.DataArray:
    lat = data["lat"].values
    if lat.size > 1 and np.all(np.diff(lat) < 0):
        return data.isel(lat=slice(None, None, -1))
    return data if np.all(np.diff(lat) > 0) else data.isel(lat=np.argsort(lat, kind="stable"))


def _snapped(data: xr.DataArray) -> xr.DataArray:
    """Coordinates freed from float32 noise, so that equal grids of two files compare equal."""
    try:
        grid = grid_of(data)
    except GridMismatch:
        return data  # a single row or an uneven grid; who needs a grid will be told by grid_of
    return data.assign_coords(lat=_on_lattice(grid.lat, grid.lat_step), lon=_on_lattice(grid.lon, grid.lon_step))


def _on_lattice(centres: np.ndarray, step: float) -> np.ndarray:
    """Centres that lie on multiples of half a step but for rounding are put there."""
    number = centres[0] / (step / 2)
    if abs(number - round(number)) > 1e-3:
        return centres
    return np.round((round(number) + 2 * np.arange(centres.size)) * (step / 2), 9)


def _within(centres: np.ndarray, low: float, high: float, margin: int) -> slice | None:
    inside = np.flatnonzero((centres > low - 1e-6) & (centres < high + 1e-6))
    if inside.size == 0:
        return None
    return slice(max(int(inside[0]) - margin, 0), int(inside[-1]) + 1 + margin)
