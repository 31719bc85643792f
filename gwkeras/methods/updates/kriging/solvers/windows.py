"""Windows of a large region, each with a halo wide enough that what lies beyond it does not matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

REACH = 3.2
"""Half-weight radii, where 1/1000 of a Gaussian's weight is left."""


@dataclass(frozen=True)
class Window:
    """A rectangle of product cells.

    Args:
        row: of its south-west cell in the product's grid.
        col: of the same cell; it may lie beyond an edge of a grid around the globe.
        n_lat: rows, halo included.
        n_lon: columns, halo included.
        halo_row: rows of halo south of the core.
        halo_col: columns of halo west of the core.
        core_n_lat: rows of the core, which the window answers for.
        core_n_lon: columns of the core.
        margin: cells from each edge that are seen through the filter but are not taken as observations.
    """

    row: int
    col: int
    n_lat: int
    n_lon: int
    halo_row: int
    halo_col: int
    core_n_lat: int
    core_n_lon: int
    margin: tuple[int, int, int, int] = (0, 0, 0, 0)

    def grid(self, product: Grid) -> Grid:
        """The product's grid in the window."""
        return product.window(self.row, self.col, self.n_lat, self.n_lon)

    def take(self, fields: np.ndarray) -> np.ndarray:
        """(..., n_lat, n_lon) of the whole grid to the window's part, around the globe where it must."""
        columns = np.arange(self.col, self.col + self.n_lon) % fields.shape[-1]
        return fields[..., self.row : self.row + self.n_lat, :][..., columns]

    def core(self, factor: int = 1) -> tuple[slice, slice]:
        """Rows and columns of the core in the window, of cells divided by `factor`."""
        return (
            slice(self.halo_row * factor, (self.halo_row + self.core_n_lat) * factor),
            slice(self.halo_col * factor, (self.halo_col + self.core_n_lon) * factor),
        )

    def core_in_whole(self, factor: int = 1) -> tuple[slice, slice]:
        """Rows and columns of the core in the whole grid."""
        row, col = self.row + self.halo_row, self.col + self.halo_col
        return slice(row * factor, (row + self.core_n_lat) * factor), slice(col * factor, (col + self.core_n_lon) * factor)

    def inner(self) -> np.ndarray:
        """(n_lat, n_lon) which cells may be observations."""
        south, north, west, east = self.margin
        inside = np.zeros((self.n_lat, self.n_lon), dtype=bool)
        inside[south : self.n_lat - north, west : self.n_lon - east] = True
        return inside


def layout(
    grid: Grid,
    radius_km: float,
    core: int,
    halo: int,
    halo_km: float,
    largest: int,
    rows_with_land: tuple[int, int] | None = None,
) -> list[Window]:
    """Windows whose cores cover the rows with land once; the whole grid as one window where it is small.

    Args:
        grid: the product's.
        radius_km: half-weight radius of its filter; 0 without.
        core: cells along each side of a core.
        halo: cells of observations around the core at least.
        halo_km: kilometres of observations around it at least.
        largest: cells up to which the grid is one window.
        rows_with_land: the first, and the one after the last; None for all.
    """
    if grid.n_lat * grid.n_lon <= largest:
        return [Window(0, 0, grid.n_lat, grid.n_lon, 0, 0, grid.n_lat, grid.n_lon)]
    found = []
    height = grid.height_km
    first, end = rows_with_land or (0, grid.n_lat)
    for row in range(first, end, core):
        rows = min(core, end - row)
        poleward = min(np.abs(grid.lat[row : row + rows]).max(), 85.0)
        width = np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM * np.cos(np.deg2rad(poleward))
        # What counts is distance in cells without a filter and in kilometres with one: then windows are about as wide as high.
        stretch = min(2, max(1, round(height / width))) if halo_km > 0 else 1
        for col in range(0, grid.n_lon, core * stretch):
            columns = min(core * stretch, grid.n_lon - col)
            found.append(_window(grid, row, col, rows, columns, (height, width), radius_km, (halo, halo * stretch), halo_km))
    return found


def _window(
    grid: Grid,
    row: int,
    col: int,
    rows: int,
    columns: int,
    cell_km: tuple[float, float],
    radius_km: float,
    least: tuple[int, int],
    halo_km: float,
) -> Window:
    height, width = cell_km
    halos = [max(cells, int(np.ceil(halo_km / side))) for cells, side in zip(least, (height, width), strict=True)]
    margins = [int(np.ceil(REACH * radius_km / side)) for side in (height, width)]
    south, north = _sides(row, row + rows, grid.n_lat, halos[0], margins[0])
    if grid.is_periodic:
        wide = min(halos[1] + margins[1], (grid.n_lon - columns) // 2)
        west = east = (wide, min(margins[1], max(0, wide - 1)))
    else:
        west, east = _sides(col, col + columns, grid.n_lon, halos[1], margins[1])
    return Window(
        row - south[0],
        col - west[0],
        rows + south[0] + north[0],
        columns + west[0] + east[0],
        south[0],
        west[0],
        rows,
        columns,
        (south[1], north[1], west[1], east[1]),
    )


def _sides(start: int, stop: int, size: int, halo: int, margin: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """(halo with margin, margin) below and above; there is no margin where the grid itself ends within reach."""
    below, above = min(start, halo + margin), min(size - stop, halo + margin)
    return (below, max(0, min(margin, below - halo) if below == halo + margin else 0)), (
        above,
        max(0, min(margin, above - halo) if above == halo + margin else 0),
    )
