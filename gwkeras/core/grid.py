"""Regular latitude/longitude grids: edges, centres, spherical areas, refinement, nesting, block means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gwkeras.core.block_sums import block_sums
from gwkeras.core.errors import GridMismatch

EARTH_RADIUS_KM = 6371.0
_TOLERANCE = 1e-4  # share of a cell; float32 coordinates of a 0.1° global grid are off by about 3e-5 of a cell


@dataclass(frozen=True)
class Grid:
    """Cells between `south`..north and `west`..east, latitude ascending.

    Cells are stored by edges, so that refining and coarsening are exact. The outermost rows of a grid whose
    points lie on the poles (ERA5-Land) are cut at ±90°.

    Args:
        south: outer edge of the first row, degrees north.
        west: outer edge of the first column, degrees east; longitudes may start anywhere.
        lat_step: height of a cell, degrees, positive.
        lon_step: width of a cell, degrees, positive.
        n_lat: number of rows.
        n_lon: number of columns.

    >>> product = Grid.covering(20, 26, 80, 88, 0.5)
    >>> product.shape, product.refine(4).shape
    ((12, 16), (48, 64))
    """

    south: float
    west: float
    lat_step: float
    lon_step: float
    n_lat: int
    n_lon: int

    def __post_init__(self) -> None:
        if self.n_lat < 1 or self.n_lon < 1 or self.lat_step <= 0 or self.lon_step <= 0:
            raise GridMismatch(
                "grid",
                expected="at least one cell of positive size",
                found=repr(self),
                remedy="check the region and the grid step",
            )

    @classmethod
    def from_centres(cls, lat: np.ndarray, lon: np.ndarray, where: object = "grid") -> Grid:
        """Grid whose cell centres are `lat` (n_lat,) and `lon` (n_lon,), both ascending, degrees.

        Raises: GridMismatch: where the centres are not evenly spaced, or where there are fewer than two of either.
        """
        lat_step, lon_step = _even_step(lat, "latitude", where), _even_step(lon, "longitude", where)
        return cls(float(lat[0]) - lat_step / 2, float(lon[0]) - lon_step / 2, lat_step, lon_step, len(lat), len(lon))

    @classmethod
    def covering(cls, south: float, north: float, west: float, east: float, step: float) -> Grid:
        """Grid of square cells of `step` degrees that fills the box exactly; the box must be a whole number of cells."""
        n_lat, n_lon = (north - south) / step, (east - west) / step
        if abs(n_lat - round(n_lat)) > _TOLERANCE or abs(n_lon - round(n_lon)) > _TOLERANCE:
            raise GridMismatch(
                "region",
                expected=f"a whole number of {step}° cells",
                found=f"{n_lat:g} × {n_lon:g} cells",
                remedy="move the region's edges onto the grid",
            )
        return cls(south, west, step, step, round(n_lat), round(n_lon))

    @property
    def shape(self) -> tuple[int, int]:
        return self.n_lat, self.n_lon

    @property
    def north(self) -> float:
        return self.south + self.n_lat * self.lat_step

    @property
    def east(self) -> float:
        return self.west + self.n_lon * self.lon_step

    @cached_property
    def lat_edges(self) -> np.ndarray:
        """(n_lat + 1,) degrees, cut at the poles."""
        return np.clip(np.round(self.south + self.lat_step * np.arange(self.n_lat + 1), 12), -90.0, 90.0)

    @cached_property
    def lon_edges(self) -> np.ndarray:
        """(n_lon + 1,) degrees."""
        return np.round(self.west + self.lon_step * np.arange(self.n_lon + 1), 12)

    @cached_property
    def lat(self) -> np.ndarray:
        """(n_lat,) cell centres, degrees."""
        return np.round(self.south + self.lat_step * (np.arange(self.n_lat) + 0.5), 9)

    @cached_property
    def lon(self) -> np.ndarray:
        """(n_lon,) cell centres, degrees."""
        return np.round(self.west + self.lon_step * (np.arange(self.n_lon) + 0.5), 9)

    @property
    def is_periodic(self) -> bool:
        """Whether the columns close around the globe."""
        return abs(self.n_lon * self.lon_step - 360.0) < _TOLERANCE * self.lon_step

    @cached_property
    def row_area(self) -> np.ndarray:
        """(n_lat,) area of one cell of each row on the sphere, km²: R² Δλ (sin φ₂ − sin φ₁)."""
        return EARTH_RADIUS_KM**2 * np.deg2rad(self.lon_step) * np.diff(np.sin(np.deg2rad(self.lat_edges)))

    @property
    def area(self) -> np.ndarray:
        """(n_lat, n_lon) cell areas on the sphere, km²."""
        return np.broadcast_to(self.row_area[:, None], self.shape)

    @property
    def height_km(self) -> float:
        """Of a cell, along a meridian."""
        return float(np.deg2rad(self.lat_step) * EARTH_RADIUS_KM)

    def positions_km(self, cells: np.ndarray) -> np.ndarray:
        """Centres of cells as points, km from the Earth's centre.

        Args:
            cells: (k, 2) row and column.
        Returns: (k, 3).
        """
        lat, lon = np.deg2rad(self.lat[cells[:, 0]]), np.deg2rad(self.lon[cells[:, 1]])
        return EARTH_RADIUS_KM * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)

    def refine(self, factor: int) -> Grid:
        """The grid with each cell divided into factor × factor."""
        return Grid(
            self.south, self.west, self.lat_step / factor, self.lon_step / factor, self.n_lat * factor, self.n_lon * factor
        )

    def coarsen(self, factor: int, row_offset: int = 0, col_offset: int = 0) -> Grid:
        """The grid of whole factor × factor blocks that starts `row_offset`, `col_offset` cells from the south-west corner.

        Cells that do not fill a block at the far edges are left out.
        Raises: GridMismatch: where not one whole block fits.
        """
        n_lat, n_lon = (self.n_lat - row_offset) // factor, (self.n_lon - col_offset) // factor
        if n_lat < 1 or n_lon < 1:
            raise GridMismatch(
                "grid",
                expected=f"at least {factor} × {factor} cells to coarsen by {factor}",
                found=f"{self.n_lat} × {self.n_lon}",
                remedy="take a larger region or a smaller factor",
            )
        return Grid(
            self.south + row_offset * self.lat_step,
            self.west + col_offset * self.lon_step,
            self.lat_step * factor,
            self.lon_step * factor,
            n_lat,
            n_lon,
        )

    def window(self, row: int, col: int, n_lat: int, n_lon: int) -> Grid:
        """The n_lat × n_lon cells from (`row`, `col`); rows and columns outside the grid are allowed (for padding)."""
        return Grid(self.south + row * self.lat_step, self.west + col * self.lon_step, self.lat_step, self.lon_step, n_lat, n_lon)

    def is_close(self, other: Grid) -> bool:
        """Whether the two grids are equal up to a ten-thousandth of a cell; longitudes are compared modulo 360°."""
        if self.shape != other.shape:
            return False
        turn = (self.west - other.west + 180.0) % 360.0 - 180.0
        slack = _TOLERANCE * min(self.lat_step, self.lon_step)
        return bool(
            abs(self.lat_step - other.lat_step) * self.n_lat < slack
            and abs(self.lon_step - other.lon_step) * self.n_lon < slack
            and abs(self.south - other.south) < slack
            and abs(turn) < slack
        )

    def offset_in(self, parent: Grid, where: object = "grid") -> tuple[int, int]:
        """(row, col) of this grid's south-west cell in `parent`, a grid of the same step.

        Raises: GridMismatch: where the steps differ or the cells do not coincide.
        """
        row = (self.south - parent.south) / parent.lat_step
        col = (self.west - parent.west) / parent.lon_step
        aligned = max(abs(row - round(row)), abs(col - round(col))) < _TOLERANCE * 10
        ratios = self.lat_step / parent.lat_step, self.lon_step / parent.lon_step
        same_step = all(abs(ratio - 1) < _TOLERANCE for ratio in ratios)
        if not (aligned and same_step):
            raise GridMismatch(where, expected=f"cells of {parent.describe()}", found=self.describe(), remedy="regrid it first")
        return round(row), round(col)

    def block_mean(self, values: np.ndarray, factor: int, weights: np.ndarray | None = None) -> np.ndarray:
        """Area-weighted means over factor × factor blocks.

        Args:
            values: (..., n_lat, n_lon) on this grid; NaN cells are left out.
            weights: (n_lat, n_lon) land fractions that multiply the areas; None for whole cells.
        Returns: (..., n_lat // factor, n_lon // factor); NaN where a block has no weight.
        """
        return self.block_sum_and_weight(values, factor, weights)[0]

    def block_sum_and_weight(
        self, values: np.ndarray, factor: int, weights: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`block_mean`, and beside it each block's summed weight (km² of land with data)."""
        if self.n_lat % factor or self.n_lon % factor:
            raise GridMismatch(
                "grid",
                expected=f"rows and columns divisible by {factor}",
                found=f"{self.n_lat} × {self.n_lon}",
                remedy="cut the region to whole blocks",
            )
        weight = self.area if weights is None else self.area * weights
        valid = np.isfinite(values)
        weight = np.where(valid, weight, 0.0)
        total = block_sums(weight, factor)
        summed = block_sums(np.where(valid, values, 0.0) * weight, factor)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(total > 0, summed / total, np.nan), total

    def describe(self) -> str:
        """One phrase for messages: step, size and box."""
        step = f"{self.lat_step:g}°" if abs(self.lat_step - self.lon_step) < 1e-9 else f"{self.lat_step:g}° × {self.lon_step:g}°"
        return f"{step} cells, {self.n_lat} × {self.n_lon}, {self.south:g}…{self.north:g}°N {self.west:g}…{self.east:g}°E"


def nearest_upsample(values: np.ndarray, factor: int) -> np.ndarray:
    """Each coarse cell's value on its factor × factor fine cells: (..., n_lat, n_lon) -> (..., factor n_lat, factor n_lon)."""
    return np.repeat(np.repeat(values, factor, axis=-2), factor, axis=-1)


def _even_step(centres: np.ndarray, name: str, where: object) -> float:
    centres = np.asarray(centres, dtype=float)
    if centres.size < 2:
        raise GridMismatch(
            where,
            expected=f"at least two {name} values",
            found=str(centres.size),
            remedy="give a field with at least 2 × 2 cells",
        )
    step = (centres[-1] - centres[0]) / (centres.size - 1)
    even = centres[0] + step * np.arange(centres.size)
    if step <= 0 or np.max(np.abs(centres - even)) > 0.02 * step:
        raise GridMismatch(
            where,
            expected=f"evenly spaced, ascending {name}",
            found=f"steps from {np.diff(centres).min():g} to {np.diff(centres).max():g}",
            remedy="regrid the file onto a regular grid",
        )
    # Coordinates stored as float32 give steps such as 0.09999847; the nearest simple fraction of a degree is meant.
    for denominator in (1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50, 80, 100, 120, 240):
        simple = round(step * denominator) / denominator
        if simple > 0 and abs(simple - step) * centres.size < 0.02 * step:
            return simple
    return float(step)
