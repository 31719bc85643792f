"""A quick look at one variable of a file: a month as a map, or a cell as a series, as PNG."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput, MissingMonths, UnknownVariable
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.months import month_start
from gwkeras.fields.canonical import axes_of, grid_of
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.readers.variable import field as read_field
from gwkeras.report.figures.style import DIVERGING, LINES, SEQUENTIAL, draw_map, label_axes, new_figure, symmetric


def open_variable(path: Path, name: str | None) -> tuple[xr.Dataset, str]:
    """A file and the variable to plot: the one named, else `gwsa`, else the first with latitude and longitude.

    Raises: BadInput: where the file cannot be read. UnknownVariable: where it has no such variable.
    """
    data = open_netcdf(path)
    maps = [str(v) for v in data.data_vars if {"lat", "lon"} <= set(axes_of(data[v])) and np.issubdtype(data[v].dtype, np.number)]
    if name is None and maps:
        return data, next((v for v in maps if v.lower() == "gwsa"), maps[0])
    if name not in maps:
        raise UnknownVariable(
            path,
            expected="a variable with latitude and longitude" if name is None else f"a variable {name}",
            found=", ".join(maps) or "none",
            remedy="name one of them with --variable" if maps else "give another file",
        )
    return data, name


def plot_map(path: Path, output: Path, variable: str | None = None, month: str | None = None) -> str:
    """Writes the map of a month; returns a phrase that says what it shows.

    Args:
        path: NetCDF.
        output: PNG.
        variable: see `open_variable`.
        month: such as "2010-05"; None: the last.
    Raises: MissingMonths: where the file lacks that month.
    """
    data, name = open_variable(path, variable)
    field = read_field(data, name)
    stamp = ""
    if "time" in field.dims:
        position = _position(path, field, month)
        stamp = str(field["time"].values[position])[:7]
        field = field.isel(time=position)
    grid, values = grid_of(field), field.values.astype(np.float64)
    known = values[np.isfinite(values)]
    if not known.size:
        raise BadInput(f"{path}, {name}", expected=f"values in {stamp or 'the map'}", found="none", remedy="choose another month")
    signed = bool((known < 0).any())
    span = symmetric(values) if signed else (float(np.percentile(known, 1)), float(np.percentile(known, 99)) or 1e-6)
    figure = new_figure(8.0, min(12.0, max(4.0, 8.0 * 0.8 * grid.n_lat * grid.lat_step / (grid.n_lon * grid.lon_step))) + 0.6)
    axes = figure.subplots()
    image = draw_map(axes, grid, values, span, DIVERGING if signed else SEQUENTIAL)
    label_axes(axes)
    axes.set_title(f"{name} {stamp}".strip())
    figure.colorbar(image, ax=axes, shrink=0.85, label=_label(data[name]))
    with replacing_path(output) as partial:
        figure.savefig(partial, format="png")
    return f"{name}{f', {stamp}' if stamp else ''}"


def plot_series(path: Path, output: Path, at: tuple[float, float], variable: str | None = None) -> str:
    """Writes the series of the cell at a place, with the interval where the file has one; returns what it shows.

    Args:
        path: NetCDF.
        output: PNG.
        at: latitude and longitude, degrees.
        variable: see `open_variable`.
    Raises: BadInput: where the place lies outside the grid or has no data, or the variable has no time.
    """
    data, name = open_variable(path, variable)
    field = read_field(data, name)
    if "time" not in field.dims:
        raise BadInput(
            f"{path}, {name}", expected="a variable with time", found=str(field.dims), remedy="leave out --at for a map"
        )
    grid = grid_of(field)
    row = int(np.floor((at[0] - grid.south) / grid.lat_step))
    col = int(np.floor(((at[1] - grid.west) % 360.0) / grid.lon_step))
    if not (0 <= row < grid.n_lat and 0 <= col < grid.n_lon):
        raise BadInput("--at", expected=f"a place in {grid.describe()}", found=f"{at[0]:g},{at[1]:g}", remedy="choose another")
    values = field.isel(lat=row, lon=col).values
    if not np.isfinite(values).any():
        raise BadInput(
            "--at", expected="a place with data", found=f"none at {at[0]:g},{at[1]:g}", remedy="choose a place on land"
        )
    months = field["time"].values.astype("datetime64[D]")
    figure = new_figure(9.0, 4.0)
    axes = figure.subplots()
    x, y = _with_gaps(months, values)
    if {f"{name}_lower", f"{name}_upper"} <= set(map(str, data.data_vars)):
        low, high = (read_field(data, f"{name}_{end}").isel(lat=row, lon=col).values for end in ("lower", "upper"))
        percent = data[f"{name}_lower"].attrs.get("interval_probability")
        label = "interval" if percent is None else f"{100 * float(percent):g} % interval"
        axes.fill_between(
            x, _with_gaps(months, low)[1], _with_gaps(months, high)[1], color=LINES[0], alpha=0.25, label=label, linewidth=0
        )
    axes.plot(x, y, color=LINES[0], marker="o", markersize=2.5, linewidth=1.2, label=name)
    axes.axhline(0, color="0.5", linewidth=0.8)
    axes.set_title(f"{name} at {grid.lat[row]:.3f}° N, {grid.lon[col]:.3f}° E")
    axes.set_ylabel(_label(data[name]))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    with replacing_path(output) as partial:
        figure.savefig(partial, format="png")
    return f"{name} at {grid.lat[row]:.3f}° N, {grid.lon[col]:.3f}° E"


def _position(path: Path, field: xr.DataArray, month: str | None) -> int:
    months = field["time"].values.astype("datetime64[M]")
    if month is None:
        return len(months) - 1
    try:
        wanted = month_start(np.array([np.datetime64(month, "M")]).astype("datetime64[ns]"))[0].astype("datetime64[M]")
    except ValueError as error:
        raise BadInput("--month", expected="a month such as 2010-05", found=f"'{month}'", remedy="correct it") from error
    found = np.flatnonzero(months == wanted)
    if not found.size:
        raise MissingMonths(
            path,
            expected=f"the month {month}",
            found=f"{months[0]} to {months[-1]}, not all of them",
            remedy="choose another month",
        )
    return int(found[0])


def _with_gaps(months: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A break wherever a month is missing, so that a line does not run across it."""
    numbers = months.astype("datetime64[M]").astype(int)
    after = np.flatnonzero(np.diff(numbers) > 1) + 1
    return np.insert(months, after, months[after - 1]), np.insert(values.astype(np.float64), after, np.nan)


def _label(data: xr.DataArray) -> str:
    unit = data.attrs.get("units", "")
    name = str(data.attrs.get("long_name", data.name))
    return "\n".join(wrap(f"{name}{f', {unit}' if unit else ''}", 48))
