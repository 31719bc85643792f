"""Kernels between the rows of a region of any size, along whole parallels: a product of small matrices for each wavenumber."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM, shares
from gwkeras.methods.updates.kriging.covariance.zonal_tables import squared_chords
from gwkeras.observation.point_spread import sharpness_of

FIRST_SMOOTH = 4
"""Of the lengths, from 240 km on: a cell's mean of such a Gaussian is a Gaussian to 2e-6, on a grid of half a degree."""

_FADED = 3.5  # lengths, half-way around
_REACH = 5.5  # lengths, beyond which nothing is left


def circle_length(grid: Grid) -> int:
    """Columns after which a row is taken to close: the globe's, or so many that no cell meets another from behind.

    Kernels must have faded half-way around, or what is interpolated between columns rings.
    """
    if grid.is_periodic:
        return grid.n_lon
    narrowest = max(float(np.cos(np.deg2rad(np.abs(grid.lat).max()))), 0.02)
    reach = 2 * _FADED * LENGTHS_KM[-1] / (np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM * narrowest)
    needed, globe = max(2 * grid.n_lon, grid.n_lon + int(np.ceil(reach))), round(360.0 / grid.lon_step)
    if needed >= globe and abs(globe * grid.lon_step - 360.0) < 1e-6:
        return globe
    return fft.next_fast_len(needed, real=True)


@dataclass(frozen=True)
class Circle:
    """A kernel from the cells of all rows of a grid to points on some parallels.

    Args:
        spectrum: (wavenumber, parallel, row); fields are taken as precisely as it is, to float32 or float64.
        length: columns after which a row closes.
    """

    spectrum: np.ndarray
    length: int

    @classmethod
    def of(cls, parallels: Iterable[np.ndarray], grid: Grid, precision: type[np.floating] = np.float32) -> Circle:
        """From values (row, columns apart) for one parallel after the other; see `columns_apart`."""
        length = circle_length(grid)
        found = [_even_spectrum(values, length).astype(precision) for values in parallels]
        return cls(np.ascontiguousarray(np.stack(found).transpose(2, 0, 1)), length)

    def __call__(self, stack: np.ndarray) -> np.ndarray:
        """Sums over all cells: (n, row, n_lon) to (n, parallel, n_lon), float64."""
        n_lon = stack.shape[-1]
        found = fft.rfft(stack.astype(self.spectrum.dtype), n=self.length, axis=-1)
        parts = np.ascontiguousarray(found.transpose(2, 1, 0)).view(self.spectrum.dtype)  # (wavenumber, row, 2 n)
        summed = (self.spectrum @ parts).view(found.dtype)  # (wavenumber, parallel, n)
        return fft.irfft(summed.transpose(2, 1, 0), n=self.length, axis=-1)[..., :n_lon].astype(float)

    def along(self, field: np.ndarray) -> np.ndarray:
        """The same of one field as a spectrum along the parallels, (wavenumber, parallel) complex."""
        found = fft.rfft(field.astype(self.spectrum.dtype), n=self.length, axis=-1).T  # (wavenumber, row)
        parts = np.stack([found.real, found.imag], axis=-1)
        summed = self.spectrum @ parts
        return summed[..., 0] + 1j * summed[..., 1]


def columns_apart(grid: Grid) -> np.ndarray:
    """Degrees between columns, from 0 to half the circle."""
    return np.arange(circle_length(grid) // 2 + 1) * grid.lon_step


def exponential_rows(grid: Grid, length_km: float) -> Iterator[np.ndarray]:
    """exp(−d / length) between cell centres, row by row."""
    for lat in grid.lat:
        yield np.exp(-np.sqrt(squared_chords(np.array([lat]), grid.lat, columns_apart(grid))[0]) / length_km)


def gaussian_rows(grid: Grid, half_weight_km: float) -> Iterator[np.ndarray]:
    """A filter's weights between cell centres, row by row; Jekeli's is a Gaussian of the chord: chord² = 2 R² (1 − cos ψ)."""
    for lat in grid.lat:
        squared = squared_chords(np.array([lat]), grid.lat, columns_apart(grid))[0]
        yield np.exp(-sharpness_of(half_weight_km) / (2 * EARTH_RADIUS_KM**2) * squared)


def cell_rows(grid: Grid, slope: float, factor: int) -> Iterator[np.ndarray]:
    """Covariance of cell means of a storage of variance 1, row by row.

    Of short Gaussians over factor × factor centres of each cell, as `zonal_tables.cell_tables` has them; of smooth ones in
    closed form.
    """
    part = shares(slope)
    smooth = smooth_rows(grid, slope, grid.lat, factor, ends=2)
    fine = grid.refine(factor)
    weight = fine.row_area.reshape(-1, factor)
    weight = weight / weight.sum(axis=1, keepdims=True)
    amplitudes = part[:FIRST_SMOOTH]
    for row, values in enumerate(smooth):
        near, width = _near(grid, row, LENGTHS_KM[FIRST_SMOOTH - 1])
        width = min(width, values.shape[-1] - 1)
        apart = np.arange((width + 1) * factor) * fine.lon_step
        lat = fine.lat.reshape(-1, factor)
        squared = squared_chords(lat[row], lat[near].ravel(), apart)
        points = _short(amplitudes, squared).reshape(factor, near.stop - near.start, factor, -1)
        means = np.einsum("a,rb,arbd->rd", weight[row], weight[near], points)
        for shift in range(1 - factor, factor):
            columns = np.abs(factor * np.arange(width) + shift)
            values[near, :width] += (factor - abs(shift)) / factor**2 * means[:, columns]
        yield values


def half_rows(grid: Grid) -> np.ndarray:
    """Degrees: centres and edges of rows, and one row beyond, between which smooth fields are interpolated."""
    return grid.south + grid.lat_step * (0.5 * np.arange(2 * grid.n_lat + 3) - 0.5)


def smooth_rows(grid: Grid, slope: float, parallels: np.ndarray, factor: int, ends: int) -> Iterator[np.ndarray]:
    """The part of smooth Gaussians, row by row: between cell means (`ends` = 2), or between centres and cell means (1).

    a l² / (t u) · exp(−north² / 2t² − east² / 2u²), t² = l² + ends · side² / 12 · (1 − 1 / s²) along each axis,
    as s centres spread.
    """
    part = shares(slope)
    height = grid.height_km
    width = np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM
    lat = np.deg2rad(grid.lat)
    spread = ends / 12 * (1 - 1 / factor**2)
    turn = 4 * EARTH_RADIUS_KM**2 * np.sin(np.deg2rad(columns_apart(grid)) / 2) ** 2
    for middle in np.deg2rad(parallels):
        north = 4 * EARTH_RADIUS_KM**2 * np.sin((lat - middle) / 2) ** 2
        across = max(float(np.cos(middle)), 0.0) * np.cos(lat)
        values = np.zeros((len(lat), len(turn)))
        for amplitude, length in zip(part[FIRST_SMOOTH:], LENGTHS_KM[FIRST_SMOOTH:], strict=True):
            tall = length**2 + spread * height**2
            wide = length**2 + spread * width**2 * across
            rows = amplitude * length**2 / np.sqrt(tall * wide) * np.exp(-north / (2 * tall))
            some = rows > 1e-9 * amplitude
            values[some] += rows[some, None] * np.exp(-(across / (2 * wide))[some, None] * turn)
        yield values


def short_to_fine(grid: Grid, slope: float, factor: int, rows: slice) -> tuple[slice, np.ndarray]:
    """The part of short Gaussians between fine centres and cell means, for the fine rows of some rows.

    Returns: the rows that reach them, and (wavenumber of the fine circle, fine row, row) float32, without the shift by which
        a cell's centre lies east of its first fine column.
    """
    fine, length = grid.refine(factor), circle_length(grid) * factor
    ends = [_near(grid, row, LENGTHS_KM[FIRST_SMOOTH - 1]) for row in (rows.start, rows.stop - 1)]
    near = slice(ends[0][0].start, ends[1][0].stop)
    width = min((max(columns for _, columns in ends) + 1) * factor, length // 2)
    own = fine.lat[rows.start * factor : rows.stop * factor]
    nodes = fine.lat[near.start * factor : near.stop * factor]
    weight = fine.row_area[near.start * factor : near.stop * factor].reshape(-1, factor)
    weight = weight / weight.sum(axis=1, keepdims=True)
    apart = np.arange(width + factor) * fine.lon_step
    spectrum = np.empty((length // 2 + 1, len(own), near.stop - near.start), dtype=np.float32)
    shift = np.exp(1j * np.pi * (factor - 1) * np.arange(length // 2 + 1) / length)
    signed = np.arange(-width + factor, width)
    for number, lat in enumerate(own):
        points = _short(shares(slope)[:FIRST_SMOOTH], squared_chords(np.array([lat]), nodes, apart)[0])
        means = np.einsum("rs,rsd->rd", weight, points.reshape(-1, factor, len(apart)))
        table = np.zeros((len(means), length))
        for node in range(factor):
            table[:, signed % length] += means[:, np.abs(signed - node)] / factor
        spectrum[:, number] = (fft.rfft(table, axis=-1) * shift).real.T
    return near, spectrum


def _short(amplitudes: np.ndarray, squared: np.ndarray) -> np.ndarray:
    """Σ over the short lengths."""
    power = np.exp(squared * (-0.5 / LENGTHS_KM[len(amplitudes) - 1] ** 2))
    result: np.ndarray = amplitudes[-1] * power
    for amplitude in amplitudes[-2::-1]:  # each length is half of the one before: see `mixture`
        np.square(power, out=power)
        np.square(power, out=power)
        result += amplitude * power
    return result


def _near(grid: Grid, row: int, length_km: float) -> tuple[slice, int]:
    """Rows within reach of a row, and how many columns are."""
    reach = _REACH * length_km
    rows = int(np.ceil(reach / grid.height_km)) + 1
    near = slice(max(0, row - rows), min(grid.n_lat, row + rows + 1))
    narrowest = float(np.cos(np.deg2rad(min(np.abs(grid.lat[near]).max(), 89.0))))
    return near, int(np.ceil(reach / (np.deg2rad(grid.lon_step) * EARTH_RADIUS_KM * narrowest))) + 2


def _even_spectrum(values: np.ndarray, length: int) -> np.ndarray:
    """Of values at 0 … half the length that go on in mirror image: (…, wavenumber), real."""
    apart = np.arange(length)
    return fft.rfft(values[..., np.minimum(apart, length - apart)], axis=-1).real
