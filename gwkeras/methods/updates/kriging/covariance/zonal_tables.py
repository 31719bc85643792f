"""Covariances between the cells of a window as tables over pairs of rows and differences of longitude, applied by FFT.

A distance on the sphere depends on two latitudes and the difference of longitudes alone. A table of that size replaces the
matrix over all pairs of cells, and sums along a row are convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM, mixture


def squared_chords(lat: np.ndarray, other: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Squared straight distance through the Earth between points on parallels.

    Args:
        lat: (n,) degrees.
        other: (m,) degrees.
        offsets: (k,) differences of longitude, degrees.
    Returns: (n, m, k) km².
    """
    north, south = np.deg2rad(lat), np.deg2rad(other)
    along = np.sin((north[:, None] - south[None, :]) / 2) ** 2
    across = np.cos(north)[:, None] * np.cos(south)[None, :]
    turn = np.sin(np.deg2rad(offsets) / 2) ** 2
    return 4 * EARTH_RADIUS_KM**2 * (along[..., None] + across[..., None] * turn)


def cell_tables(fine: Grid, factor: int) -> np.ndarray:
    """Covariance between the means of two product cells for each length of the mixture, with amplitude 1.

    The means are over factor × factor fine centres (see `nodes_apart`), weighted by area; a cell counts as land throughout.

    Args:
        fine: the fine grid of the window.
        factor: fine cells of a product cell along each axis.
    Returns: (length, n_lat, n_lat, n_lon): row, other row, columns apart.
    """
    n_lat, n_lon = fine.n_lat // factor, fine.n_lon // factor
    every = nodes_apart(factor)
    fine, factor = fine.coarsen(every), factor // every
    weight = _row_weights(fine, factor)
    reduced = np.zeros((len(LENGTHS_KM), n_lat, n_lat, n_lon))
    apart = np.arange(fine.n_lon)
    for row in range(n_lat):  # a band of rows at a time, for memory's sake
        band = slice(row * factor, (row + 1) * factor)
        power = np.exp(squared_chords(fine.lat[band], fine.lat, apart * fine.lon_step) * (-0.5 / LENGTHS_KM[-1] ** 2))
        for k in range(len(LENGTHS_KM) - 1, -1, -1):
            if k < len(LENGTHS_KM) - 1:
                np.square(power, out=power)
                np.square(power, out=power)
            means = np.einsum("i,ijk->jk", weight[band], power) * weight[:, None]
            means = means.reshape(n_lat, factor, fine.n_lon).sum(axis=1)
            for shift in range(1 - factor, factor):
                columns = np.abs(factor * np.arange(n_lon) + shift)
                reduced[k, row] += (factor - abs(shift)) / factor**2 * means[:, columns]
    return reduced


@dataclass(frozen=True)
class ZonalTable:
    """A symmetric kernel between the cells of a window.

    Args:
        values: (n_lat, n_lat, n_lon): row, other row, columns apart.
    """

    values: np.ndarray

    def __call__(self, fields: np.ndarray) -> np.ndarray:
        """Sums over all cells for a stack of fields, (n, n_lat, n_lon) to the same shape."""
        width = self.values.shape[-1]
        spectrum = np.ascontiguousarray(fft.rfft(fields, n=self._length, axis=-1).transpose(2, 1, 0))
        summed = (self._spectrum @ spectrum.view(float)).view(complex)  # the tables' spectrum is real
        return fft.irfft(np.ascontiguousarray(summed.transpose(2, 1, 0)), n=self._length, axis=-1)[..., :width]

    def between(self, cells: np.ndarray, others: np.ndarray) -> np.ndarray:
        """(k, l) kernel between (k, 2) and (l, 2) rows and columns."""
        apart = np.abs(cells[:, None, 1] - others[None, :, 1])
        return self.values[cells[:, None, 0], others[None, :, 0], apart]

    @cached_property
    def _length(self) -> int:
        return fft.next_fast_len(2 * self.values.shape[-1], real=True)

    @cached_property
    def _spectrum(self) -> np.ndarray:
        width = self.values.shape[-1]
        apart = np.arange(self._length)
        apart = np.minimum(np.minimum(apart, self._length - apart), width - 1)  # beyond the window nothing is read
        return np.ascontiguousarray(np.moveaxis(fft.rfft(self.values[..., apart], axis=-1).real, -1, 0))


@dataclass(frozen=True)
class CellToFine:
    """Covariance between fine centres and means of product cells, applied to fields of product cells.

    Args:
        fine: the fine grid of the window.
        factor: s.
        amplitudes: (length,) of the mixture, mm².
        rows: the fine rows that are wanted, a slice with or without step.
    """

    fine: Grid
    factor: int
    amplitudes: tuple[float, ...]
    rows: slice

    def __call__(self, cells: np.ndarray, columns: slice) -> np.ndarray:
        """Σ over cells of C(fine centre, cell) · value.

        Args:
            cells: (n, n_lat, n_lon).
            columns: the fine columns that are wanted.
        Returns: (n, rows, columns), float64.
        """
        n_lat = self.fine.n_lat // self.factor
        along = np.zeros((len(cells), n_lat, self._length), dtype=np.float64)
        along[..., : self.fine.n_lon : self.factor] = cells
        spectrum = fft.rfft(along, axis=-1) * self._shift  # (n, n_lat, wavenumber)
        spectrum = np.ascontiguousarray(spectrum.transpose(2, 1, 0))
        summed = (self._spectrum @ spectrum.view(float)).view(complex)  # (wavenumber, rows, n)
        back = fft.irfft(np.ascontiguousarray(summed.transpose(2, 1, 0)), n=self._length, axis=-1)
        return back[..., : self.fine.n_lon][..., columns]

    @cached_property
    def _length(self) -> int:
        return fft.next_fast_len(2 * self.fine.n_lon, real=True)

    @cached_property
    def _spectrum(self) -> np.ndarray:
        """(wavenumber, rows, n_lat): of the covariance at fine columns f − s·Q apart, cyclic in the padded length.

        A cell's mean is the same east and west of its centre, so that the spectrum is real but for `_shift`.
        """
        n_lat, n_lon = self.fine.n_lat // self.factor, self.fine.n_lon
        every = nodes_apart(self.factor)
        nodes, each = self.fine.coarsen(every), self.factor // every
        weight = _row_weights(nodes, each)
        wanted = self.fine.lat[self.rows]
        apart = np.arange(n_lon + self.factor)
        amplitudes = np.array(self.amplitudes)
        result = np.empty((self._length // 2 + 1, len(wanted), n_lat))
        steps = np.arange(self._length)
        for row in range(n_lat):
            band = slice(row * each, (row + 1) * each)
            squared = squared_chords(wanted, nodes.lat[band], apart * self.fine.lon_step)
            points = np.einsum("j,ijk->ik", weight[band], mixture(amplitudes, squared))
            table = np.zeros((len(wanted), self._length))
            for column in range(every // 2, self.factor, every):
                distance = np.abs(steps - column)
                distance = np.minimum(distance, self._length - distance)
                table += points[:, np.minimum(distance, n_lon + self.factor - 1)] / each
            result[:, :, row] = (fft.rfft(table, axis=-1) * self._shift.conj()).real.T
        return result

    @cached_property
    def _shift(self) -> np.ndarray:
        """(wavenumber,) by which a cell's centre lies east of the centre of its first fine column."""
        return np.exp(-1j * np.pi * (self.factor - 1) * np.arange(self._length // 2 + 1) / self._length)


def nodes_apart(factor: int) -> int:
    """Fine cells between the centres that a cell's mean is taken over: 1, but more in blocks of many cells.

    Blocks are the cells of filtered products alone, whose storage is smooth; at least four centres along each side remain. Odd,
    so that a centre lies on a fine one.
    """
    return max(every for every in range(1, factor + 1, 2) if factor % every == 0 and (every == 1 or factor // every >= 4))


def _row_weights(fine: Grid, factor: int) -> np.ndarray:
    """(n_lat,) share of its product cell's area that a fine row has."""
    area = fine.row_area.reshape(-1, factor)
    return (area / area.sum(axis=1, keepdims=True)).ravel()
