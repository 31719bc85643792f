"""Figure 1: the trend of storage over the record."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.report.figures.style import draw_map, label_axes, new_figure, save, symmetric
from gwkeras.report.stored.record import no_record

_LEAST_MONTHS = 24


def trend_of(record: Path) -> tuple[Grid, np.ndarray, int] | None:
    """Grid, (n_lat, n_lon) mm a year, and the number of months; None for less than two years.

    Ordinary least squares of offset, trend, and a yearly and a half-yearly cycle, in cells that no month lacks. Read a month at
    a time.

    Args:
        record: NetCDF written by gwkeras downscale.
    Raises: BadInput: where the file cannot be read.
    """
    try:
        with netCDF4.Dataset(record) as file:
            grid = Grid.from_centres(file["lat"][:].filled(np.nan), file["lon"][:].filled(np.nan), where=record)
            years = np.asarray(file["time"][:], np.float64) / 365.25
            if len(years) < _LEAST_MONTHS:
                return None
            turn = 2 * np.pi * years
            parts = (np.ones_like(years), years - years.mean(), np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn))
            design = np.stack(parts, 1)
            right = np.zeros((design.shape[1], *grid.shape))
            known = np.ones(grid.shape, bool)
            for k, row in enumerate(design):
                month = np.ma.filled(file["gwsa"][k], np.nan)
                known &= np.isfinite(month)
                right += row[:, None, None] * np.nan_to_num(month)
    except (OSError, RuntimeError, KeyError, IndexError) as error:
        raise no_record(record, error) from error
    slope = np.linalg.solve(design.T @ design, right.reshape(len(right), -1))[1].reshape(grid.shape)
    return grid, np.where(known, slope, np.nan), len(years)


def draw_trend(grid: Grid, slope: np.ndarray, path: Path) -> Path:
    """The map."""
    figure = new_figure(7.5, 7.5 * 0.75 * min(1.4, grid.n_lat / grid.n_lon) + 0.8)
    axes = figure.subplots()
    image = draw_map(axes, grid, slope, symmetric(slope))
    label_axes(axes)
    figure.colorbar(image, ax=axes, shrink=0.85, label="trend of groundwater storage, mm a year")
    return save(figure, path)
