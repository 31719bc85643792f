"""Power by wavelength: whether what a method adds at fine scale is the truth's variance, or noise.

The land is cut into windows of at most 32°. In each, storage less its mean is tapered and transformed; sea and unknown cells
count as the mean. Truth, prediction and error are treated alike, so their shares hold where windows are not all land.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid

EDGES_KM = 10.0 * 2.0 ** (0.5 * np.arange(21))
"""Edges of the classes of wavelengths, from 10 km to 10,240 km; what is shorter or longer counts in the first or last."""

CENTRES_KM = np.sqrt(EDGES_KM[:-1] * EDGES_KM[1:])

_LARGEST_DEGREES = 32.0
_LEAST_CELLS = 8
_LEAST_LAND = 0.5


@dataclass(frozen=True)
class _Window:
    """One window: its cells, land weights with taper (n_lat, n_lon), class of each wave number, and area of land, km²."""

    part: tuple[slice, slice]
    weights: np.ndarray
    taper: np.ndarray
    classes: np.ndarray
    land_km2: float


class Spectra:
    """Power spectra of fields on one grid.

    Args:
        grid: of the fields.
        weights: (n_lat, n_lon) km² of land; 0 where nothing is judged.
    """

    def __init__(self, grid: Grid, weights: np.ndarray) -> None:
        self._windows = [found for part in _parts(grid) if (found := _window(grid, weights, part)) is not None]

    def __call__(self, fields: Sequence[np.ndarray]) -> np.ndarray:
        """(fields, classes) variance by class of wavelength, mm², averaged over windows by their land; NaN without a window.

        The sum over classes is the variance that the taper leaves.

        Args:
            fields: (n_lat, n_lon) mm each; a cell that any of them lacks is left out of all.
        """
        found, land = np.zeros((len(fields), len(CENTRES_KM))), 0.0
        for window in self._windows:
            cut = np.stack([field[window.part] for field in fields]).astype(np.float64)
            known = np.isfinite(cut).all(axis=0) & (window.weights > 0)
            share = np.where(known, window.weights, 0.0)
            if known.mean() < _LEAST_LAND:
                continue
            means = (np.where(known, cut, 0.0) * share).sum(axis=(1, 2)) / share.sum()
            shape = np.where(known, window.taper, 0.0)
            power = np.abs(np.fft.fft2(np.where(known, cut - means[:, None, None], 0.0) * shape)) ** 2
            power /= shape.size * np.square(shape).sum()
            for row in range(len(fields)):
                by_class = np.bincount(window.classes.ravel(), power[row].ravel(), minlength=len(CENTRES_KM) + 1)
                found[row] += window.land_km2 * by_class[: len(CENTRES_KM)]
            land += window.land_km2
        return found / land if land else np.full_like(found, np.nan)


def _parts(grid: Grid) -> list[tuple[slice, slice]]:
    return [(rows, cols) for rows in _pieces(grid.n_lat, grid.lat_step) for cols in _pieces(grid.n_lon, grid.lon_step)]


def _pieces(count: int, step: float) -> list[slice]:
    number = max(1, int(np.ceil(count * step / _LARGEST_DEGREES - 1e-9)))
    edges = np.round(np.linspace(0, count, number + 1)).astype(int)
    return [slice(int(first), int(last)) for first, last in pairwise(edges)]


def _window(grid: Grid, weights: np.ndarray, part: tuple[slice, slice]) -> _Window | None:
    cut = np.asarray(weights[part], np.float64)
    n_lat, n_lon = cut.shape
    if min(n_lat, n_lon) < _LEAST_CELLS or (cut > 0).mean() < _LEAST_LAND:
        return None
    km = np.deg2rad(1.0) * EARTH_RADIUS_KM
    middle = float(grid.lat[part[0]].mean())
    along = np.fft.fftfreq(n_lat, grid.lat_step * km)
    across = np.fft.fftfreq(n_lon, grid.lon_step * km * np.cos(np.deg2rad(middle)))
    cycles = np.hypot(along[:, None], across[None, :])
    lengths = np.divide(1.0, cycles, out=np.full_like(cycles, np.inf), where=cycles > 0)
    classes = np.clip(np.searchsorted(EDGES_KM, lengths, side="right") - 1, 0, len(CENTRES_KM) - 1)
    classes[0, 0] = len(CENTRES_KM)  # the mean, which the taper brings back a little of, is of no wavelength
    taper = np.outer(np.hanning(n_lat + 2)[1:-1], np.hanning(n_lon + 2)[1:-1])
    return _Window(part, cut, taper, classes, float(cut.sum()))
