"""Kriging as a layer: f + C Hᵀ (H C Hᵀ + E + R)⁻¹ (G − H f) over a window, with its variance.

`gwkeras.methods.updates.kriging.fitted` does the same for whole records, where gains are kept over months; a test keeps the two
equal. Here every sample is solved for itself, so that a graph that is served needs nothing but its inputs. In float64.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from gwkeras.layers.block_mean import block_mean, block_sum
from gwkeras.layers.interpolation import fill_missing, upsample
from gwkeras.layers.kriging.cell_covariance import cell_to_cell, fine_latitudes, fine_to_cell, rows_of
from gwkeras.layers.kriging.observed_window import ObservedWindow, filter_weights

_JITTER = 1e-9  # of the mean variance, as in the numpy form
_NEIGHBOURHOOD, _AROUND = 0.5, 4.0  # degrees, of the local mean squares of unseen detail, and of what is around


@keras.saving.register_keras_serializable(package="gwkeras")
class Kriging(keras.layers.Layer):
    """Storage after the product of a window is asked, and the variance that is left.

    It is made for the export and solves in double precision, which JAX offers on request alone: use it on TensorFlow.

    Args:
        factor: s.
        lon_step: of the coarse grid, degrees.
        amplitudes: of the covariance C, mm², one for each length.
        lengths_km: of its Gaussians, each twice the one before it.
        noise: variance of the product's noise that is assumed at least, mm²; share that is correlated; over how many km.
        maps: (2, n, m) of the region that it was fitted on: the product's own standard error (mm, 0 where unknown), and the
            variance of errors as a share of what covariance and noise predict.
        corner: south and west of these maps, and their steps in latitude and longitude, degrees.
        half_weight_km: of the product's point spread; 0 for none.
        over_land: whether that is a mean over land.
        averaged: cells along each axis whose mean is one observation, at most.
        uncertain: relative standard error of the half-weight radius.
        pinned: whether every coarse cell keeps its own mean in the end.
        unseen: s, γ² and m in s² σ² + γ² A, where A is how much detail f has that the product cannot see; see
            `gwkeras.methods.error_bars.unseen_detail`, whose `typical` and m these are.
        typical: (sn, sm) on the fine grid; None: no such error.
        fine_corner: as `corner`, of `typical`.
    Input shape: f (batch, sH, sW, 1) mm, gwsa and land (batch, H, W, 1), land_fine (batch, sH, sW, 1), latitude (batch, H) and
        longitude (batch, W) in degrees. f is ignored where `land_fine` is 0.
    Output shape: (batch, sH, sW, 2): mean, mm, and variance, mm².

    >>> nothing = np.zeros((1, 4, 4, 1), "float32")
    >>> layer = Kriging(2, 0.5, (100.0,), (100.0,), (1.0, 0.0, 300.0), [[[0.0]], [[1.0]]], (0.0, 0.0, 1.0, 1.0))
    >>> place = np.array([[0.25, 0.75]], "float32")
    >>> product, land = np.full((1, 2, 2, 1), 10.0, "float32"), np.ones((1, 2, 2, 1), "float32")
    >>> found = layer(nothing, product, land, nothing + 1, place, place)
    >>> round(float(found[0, 0, 0, 0]), 1), float(found[0, 0, 0, 1]) < 3.0
    (9.3, True)
    """

    def __init__(
        self,
        factor,
        lon_step,
        amplitudes,
        lengths_km,
        noise,
        maps,
        corner,
        half_weight_km=0.0,
        over_land=True,
        averaged=1,
        uncertain=0.0,
        pinned=False,
        unseen=(1.0, 0.0, 0.0),
        typical=None,
        fine_corner=(0.0, 0.0, 1.0, 1.0),
        dtype="float32",
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        self.factor, self.lon_step = factor, float(lon_step)
        self.amplitudes, self.lengths_km = tuple(map(float, amplitudes)), tuple(map(float, lengths_km))
        self.noise, self.corner = tuple(map(float, noise)), tuple(map(float, corner))
        self.maps = np.asarray(maps, dtype=float).tolist()
        self.half_weight_km, self.over_land = float(half_weight_km), bool(over_land)
        self.averaged, self.uncertain, self.pinned = averaged, float(uncertain), bool(pinned)
        self.unseen, self.fine_corner = tuple(map(float, unseen)), tuple(map(float, fine_corner))
        self.typical = None if typical is None else np.asarray(typical, dtype=float).tolist()

    def call(self, f, gwsa, land, land_fine, latitude, longitude):
        given = (f, gwsa, land, land_fine)
        fields = tuple(ops.cast(field[..., 0], "float64") for field in given)
        places = tuple(ops.cast(place, "float64") for place in (latitude, longitude))
        return ops.map(lambda sample: ops.cast(self._posterior(*sample), "float32"), (*fields, *places))

    def _posterior(self, f, gwsa, land, land_fine, latitude, longitude):
        """(sH, sW, 2) of one sample."""
        rows, columns, s = ops.shape(land)[0], ops.shape(land)[1], self.factor
        table = fine_to_cell(latitude, columns, self.lon_step, s, self.amplitudes, self.lengths_km)
        covariance = cell_to_cell(table, latitude, s)
        height = ops.cos(fine_latitudes(latitude, s) * (math.pi / 180.0))  # area of a fine cell, up to a factor
        mass, area = land_fine * height[:, None], s * ops.sum(ops.reshape(height, (rows, s)), axis=1)
        spread = (self.half_weight_km, self.over_land, self.averaged)
        window = ObservedWindow(latitude, self.lon_step, land, block_sum(mass[None, ..., None], s)[0, ..., 0], area, *spread)
        maps = _at(self.maps, self.corner, latitude, longitude)
        uncertainty, local = maps[0], maps[1]

        remainder = window.operator_error(covariance, self.uncertain) + window.noise(ops.reshape(uncertainty, (-1,)), *self.noise)
        inverse = _inverse_factor(window.seen(covariance) + remainder, window.active)
        explaining = window.explaining(inverse)  # L⁻¹ A H
        filled = ops.where(land_fine > 0, f, 0.0)
        shown = self._observed(filled, mass, latitude)
        residual = window.active * window.take(ops.reshape(gwsa - shown, (-1,)))
        weights = ops.matmul(ops.transpose(explaining), ops.matmul(inverse, residual[:, None]))
        explaining = ops.transpose(ops.cast(explaining, "float32"))

        def band(row):
            fine = rows_of(table, row, columns, s)  # (s · sW, H W)
            explained = ops.sum(ops.square(ops.matmul(ops.cast(fine, "float32"), explaining)), axis=1)
            return ops.stack([ops.matmul(fine, weights)[:, 0], ops.cast(explained, "float64")], axis=-1)

        found = ops.reshape(ops.map(band, ops.arange(rows)), (rows * s, columns * s, 2))
        mean, variance = filled + found[..., 0], ops.maximum(sum(self.amplitudes) - found[..., 1], 0.0)
        if self.pinned:
            moved = ops.where(land > 0, gwsa - _means(mean, mass, s), 0.0)
            mean = mean + ops.where(mass > 0, _nearest(moved, s), 0.0)
            added = ops.sum(ops.square(ops.matmul(inverse, remainder * window.active[:, None])), axis=0) * window.active
            variance = variance + _nearest(ops.reshape(window.give(added), (rows, columns)), s)
        scale = upsample(local[None, ..., None], s, "bilinear")[0, ..., 0]
        return ops.stack(
            [mean, self._with_unseen(variance * scale, filled, shown, mass, land_fine, latitude, longitude)], axis=-1
        )

    def _with_unseen(self, variance, f, shown, mass, land_fine, latitude, longitude):
        """(sH, sW) mm²: the variance and what the prior may be wrong about where the product cannot see."""
        if self.typical is None:
            return variance
        s, (scale, share, anywhere) = self.factor, self.unseen
        known = ops.cast(block_sum(mass[None, ..., None], s) > 0, "float64")
        smooth = upsample(fill_missing(shown[None, ..., None], known), s, "bicubic")[0, ..., 0]
        left = ops.where(land_fine > 0, f - smooth, 0.0)
        steps = tuple(abs(float(step)) for step in self.fine_corner[2:])
        widths = tuple(_NEIGHBOURHOOD / step for step in steps)
        reached = _smoothed(land_fine, widths)
        month = ops.where(reached > 1e-9, _smoothed(ops.square(left) * land_fine, widths) / ops.maximum(reached, 1e-9), 0.0)
        east = fine_latitudes(longitude, s)  # evenly spaced, as latitudes are
        typical = _at([self.typical], self.fine_corner, fine_latitudes(latitude, s), east)[0]
        if not anywhere:
            return scale**2 * variance + share * 0.5 * (month + typical)
        widths = tuple(_AROUND / (step * s) for step in steps)
        total, land = (
            _smoothed(block_sum(part[None, ..., None], s)[0, ..., 0], widths, 2.0, True) for part in (mass * month, mass)
        )
        there = _nearest(ops.where(land > 0, total / ops.where(land > 0, land, 1.0), 0.0), s)
        return scale**2 * variance + share * (0.5 * (1 - anywhere) * (month + typical * there) + anywhere * there)

    def _observed(self, f, mass, latitude):
        """H f, (H, W): the filter on the fine grid, block means second."""
        if not self.half_weight_km:
            return _means(f, mass, self.factor)
        columns, fine = ops.shape(f)[1], fine_latitudes(latitude, self.factor)
        apart = ops.cast(ops.arange(2 * columns), "float64")
        apart = ops.minimum(apart, 2.0 * ops.cast(columns, "float64") - apart) * (self.lon_step / self.factor)
        # A kernel that is even has a spectrum without imaginary part.
        kernel = ops.rfft(filter_weights(fine, apart, self.half_weight_km), fft_length=2 * columns)[0]
        land = mass if self.over_land else ops.ones_like(mass) * ops.cos(fine * (math.pi / 180.0))[:, None]

        def filtered(field):
            parts = ops.rfft(field, fft_length=2 * columns)
            return ops.irfft(tuple(ops.einsum("ijk,jk->ik", kernel, part) for part in parts), fft_length=2 * columns)[:, :columns]

        return _means(filtered(f * mass) / ops.where(mass > 0, filtered(land), 1.0), mass, self.factor)

    def compute_output_shape(self, f_shape, *_):
        return (*f_shape[:-1], 2)

    def get_config(self):
        names = ("factor", "lon_step", "amplitudes", "lengths_km", "noise", "maps", "corner", "half_weight_km", "over_land")
        own = {
            name: getattr(self, name) for name in (*names, "averaged", "uncertain", "pinned", "unseen", "typical", "fine_corner")
        }
        return {**super().get_config(), **own}


def _at(maps, corner: tuple[float, ...], latitude, longitude):
    """(k, H, W): maps (k, n, m) in their cells that lie nearest."""
    south, west, lat_step, lon_step = corner
    values = ops.convert_to_tensor(maps, dtype="float64")
    n, m = values.shape[1:]
    row = ops.clip(ops.floor((latitude - south) / lat_step), 0, n - 1)
    east = ops.mod(longitude - west, 360.0)
    column = ops.clip(ops.floor(east / lon_step), 0, m - 1)
    column = ops.where(east - m * lon_step > (360.0 - m * lon_step) / 2, 0.0, column)
    return ops.take(ops.take(values, ops.cast(row, "int32"), axis=1), ops.cast(column, "int32"), axis=2)


def _smoothed(field, widths: tuple[float, ...], reach: float = 4.0, is_alone: bool = False):
    """(H, W): Gaussian means, cut at some standard deviations.

    Args:
        field: (H, W).
        widths: standard deviations in rows and columns.
        reach: how many of them count.
        is_alone: whether there is nothing beyond the edges; otherwise they are repeated.
    """
    for axis, width in enumerate(widths):
        taps = int(reach * width + 0.5)
        weights = np.exp(-0.5 * (np.arange(-taps, taps + 1) / width) ** 2)
        size = ops.shape(field)[axis]
        places = ops.arange(size)[:, None] + ops.arange(-taps, taps + 1)[None]  # (size, taps)
        inside = ops.cast(ops.logical_and(places >= 0, places < size), "float64") if is_alone else 1.0
        kernel = ops.convert_to_tensor(weights / weights.sum(), dtype="float64")[None] * inside
        kernel = ops.broadcast_to(kernel, ops.shape(places))
        taken = ops.take(field, ops.clip(places, 0, size - 1), axis=axis)  # axis -> (size, taps)
        field = ops.sum(taken * (kernel[:, :, None] if axis == 0 else kernel[None]), axis=axis + 1)
    return field


def _inverse_factor(matrix, active):
    """L⁻¹ with L Lᵀ the matrix, where rows and columns that are not active are those of the identity."""
    jitter = _JITTER * ops.sum(ops.diagonal(matrix) * active) / ops.maximum(ops.sum(active), 1.0)
    itself = ops.eye(ops.shape(active)[0], dtype="float64")
    kept = active[:, None] * matrix * active[None] + itself * (1.0 - active + jitter * active)
    return ops.solve_triangular(ops.cholesky(kept), itself, lower=True)


def _means(values, mass, factor: int):
    """(sH, sW) to (H, W); 0 where there is no mass."""
    return block_mean(values[None, ..., None], mass[None, ..., None], factor)[0][0, ..., 0]


def _nearest(values, factor: int):
    """(H, W) to (sH, sW)."""
    return upsample(values[None, ..., None], factor, "nearest")[0, ..., 0]
