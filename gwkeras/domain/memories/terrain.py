"""What an elevation map says about where water gathers: slope, roughness, position above the surroundings, wetness."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

ELEVATION_NAMES = ("elevation", "altitude", "height", "topography", "orography", "dem", "z")
"""Names by which an elevation map is known, in lower case."""

_NEIGHBOURHOOD = 0.25  # degrees, standard deviation of the window for roughness
_SURROUNDINGS = 0.5  # degrees, of the window that position is measured against
_FLAT = 50.0  # m: relief below which position is not told from a plain's


def elevation_among(names: tuple[str, ...]) -> str | None:
    """The name of the elevation map, or None.

    >>> elevation_among(("soil_index", "Elevation"))
    'Elevation'
    """
    return next((name for name in names if name.lower() in ELEVATION_NAMES), None)


def terrain_maps(grid: Grid, elevation: np.ndarray) -> dict[str, np.ndarray]:
    """Maps derived from elevation; the sea counts as height 0.

    Args:
        grid: of the map.
        elevation: (n_lat, n_lon) m, without gaps.
    Returns: (n_lat, n_lon) each. slope: log(1 + m km⁻¹). roughness: log of the standard deviation (m) within about 0.25°.
        position: height above the mean of about 0.5°, in units of the relief (Weiss 2001). wetness: the plain's share of
        the topographic wetness index, log(1 / slope) + concavity (Beven & Kirkby 1979, doi 10.1080/02626667909491834, with
        concavity for upslope area, which cells of ten kilometres do not resolve).
    """
    height = np.maximum(np.nan_to_num(elevation), 0.0).astype(np.float64)
    mode = ("nearest", "wrap" if grid.is_periodic else "nearest")
    cell = grid.height_km
    width = np.maximum(np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM * np.cos(np.deg2rad(grid.lat)), 0.05 * cell)[:, None]
    slope = np.hypot(_difference(height, 0, mode) / cell, _difference(height, 1, mode) / width)

    def smooth(field: np.ndarray, degrees: float) -> np.ndarray:
        return ndimage.gaussian_filter(field, (degrees / grid.lat_step, degrees / grid.lon_step), mode=mode)

    relief = np.sqrt(np.maximum(smooth(height**2, _NEIGHBOURHOOD) - smooth(height, _NEIGHBOURHOOD) ** 2, 0.0))
    position = (height - smooth(height, _SURROUNDINGS)) / (relief + _FLAT)
    concavity = (smooth(height, _NEIGHBOURHOOD) - height) / (relief + _FLAT)
    return {
        "slope": np.log1p(slope),
        "roughness": np.log(relief + 20.0),
        "position": position,
        "wetness": concavity - np.log(slope + 1.0),
    }


def _difference(field: np.ndarray, axis: int, mode: tuple[str, str]) -> np.ndarray:
    """Central difference a cell; beyond an edge the edge's own value."""
    return ndimage.correlate1d(field, np.array([-0.5, 0.0, 0.5]), axis=axis, mode=mode[axis])
