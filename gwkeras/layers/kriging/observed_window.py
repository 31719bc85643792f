"""What the product shows of a window of its cells, as matrices: known cells, filtered, averaged where the filter hides them."""

from __future__ import annotations

import math

from keras import ops

from gwkeras.core.grid import EARTH_RADIUS_KM
from gwkeras.layers.kriging.cell_covariance import squared_chords

_LEAST_OBSERVATIONS = 16  # in a window, for whose sake fewer cells are averaged


class ObservedWindow:
    """A H for means of product cells: F the filter between cells, A the means over q × q known cells; float64.

    `gwkeras.methods.updates.kriging.covariance.observed_cells` holds the same for numpy. Observations without a known cell
    are not active.

    Args:
        latitude: (H,) degrees.
        lon_step: degrees.
        land: (H, W), 0 where the product is unknown.
        mass: (H, W) land area of the cells, in any unit.
        area: (H,) area of the cells of each row, in the same unit.
        half_weight_km: of the filter; 0 for none.
        over_land: whether the filter's mean is over land.
        averaged: q at most; 1 without a filter.

    >>> import numpy as np
    >>> land = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> window = ObservedWindow(np.array([10.0, 10.5]), 0.5, land, land, np.ones(2), 0.0, True, 1)
    >>> np.asarray(window.take(np.array([5.0, 6.0, 7.0, 8.0]))).tolist(), np.asarray(window.active).tolist()
    ([5.0, 0.0, 7.0, 8.0], [1.0, 0.0, 1.0, 1.0])
    """

    def __init__(
        self, latitude, lon_step: float, land, mass, area, half_weight_km: float, over_land: bool, averaged: int
    ) -> None:
        self.latitude, self.lon_step = latitude, lon_step
        self.half_weight_km, self.over_land = half_weight_km, over_land
        rows, columns = ops.shape(land)[0], ops.shape(land)[1]
        self.mass = ops.reshape(mass, (-1,))
        number = ops.arange(rows * columns)
        row, column = number // columns, number % columns
        most = ops.cast(ops.floor(ops.sqrt(ops.cast(rows * columns, "float64") / _LEAST_OBSERVATIONS)), "int32")
        q = ops.maximum(ops.minimum(averaged, most), 1) if averaged > 1 else 1
        across = (columns + q - 1) // q
        self.group = (row // q) * across + column // q
        member = ops.cast(ops.equal(ops.arange(((rows + q - 1) // q) * across)[:, None], self.group[None]), "float64")
        counted = self.mass * ops.cast(ops.reshape(land, (-1,)) > 0, "float64")
        total = ops.matmul(member, counted[:, None])[:, 0]
        self.active = ops.cast(total > 0, "float64")
        """(observation,) 1 where a cell of it is known."""
        self.weights = counted / ops.take(ops.where(total > 0, total, 1.0), self.group)
        self._member, self._columns, self._area = member, columns, area
        self._row, self._column = row, column

    def take(self, cells):
        """A x: (H W,) to (observation,)."""
        return ops.matmul(self._member, (self.weights * cells)[:, None])[:, 0]

    def give(self, values):
        """(observation,) to its cells, (H W,)."""
        return ops.take(values, self.group)

    def of_cells(self, widened: float = 1.0):
        """A F: (observation, H W)."""
        means = self._member * self.weights[None]
        if not self.half_weight_km:
            return means
        kernel = self._between_cells(widened)
        counted = self.mass if self.over_land else ops.take(self._area, self._row)
        reached = ops.matmul(kernel, counted[:, None])[:, 0]
        return ops.matmul(means / ops.where(reached > 0, reached, 1.0)[None], kernel) * self.mass[None]

    def seen(self, covariance):
        """A F C Fᵀ Aᵀ.

        Args:
            covariance: (H W, H W) of means of cells, mm².
        """
        if not self.half_weight_km:
            return covariance
        rows = self.of_cells()
        return ops.matmul(ops.matmul(rows, covariance), ops.transpose(rows))

    def explaining(self, inverse):
        """L⁻¹ A F from L⁻¹: (observation, H W)."""
        return ops.matmul(inverse, self.of_cells()) if self.half_weight_km else inverse * self.active[None]

    def operator_error(self, covariance, uncertain: float):
        """What a half-weight radius leaves that is wrong by ± `uncertain`, (observation, observation) mm²."""
        count = ops.shape(self.active)[0]
        if not self.half_weight_km or not uncertain:
            return ops.zeros((count, count), dtype="float64")
        stated, result = self.of_cells(), 0.0
        for widened in (1 + uncertain, 1 - uncertain):
            difference = self.of_cells(widened) - stated
            result = result + 0.5 * ops.matmul(ops.matmul(difference, covariance), ops.transpose(difference))
        return result

    def noise(self, uncertainty, variance: float, correlated: float, length_km: float):
        """R, (observation, observation) mm².

        Args:
            uncertainty: (H W,) the product's own standard error, mm.
            variance: the least in each cell, mm².
            correlated: share of it that is correlated as exp(−d / length_km).
            length_km: of that correlation.
        """
        weighted = self.weights * ops.sqrt(ops.maximum(variance, ops.square(uncertainty)))
        north = ops.take(self.latitude, self._row) * (math.pi / 180.0)
        east = ops.cast(self._column, "float64") * (self.lon_step * math.pi / 180.0)
        points = ops.stack([ops.cos(north) * ops.cos(east), ops.cos(north) * ops.sin(east), ops.sin(north)], axis=1)
        middles = EARTH_RADIUS_KM * ops.matmul(self._member, self.weights[:, None] * points)
        squares = ops.sum(ops.square(middles), axis=1)
        apart = squares[:, None] + squares[None] - 2.0 * ops.matmul(middles, ops.transpose(middles))
        itself = ops.eye(ops.shape(self.active)[0], dtype="float64")
        correlation = ops.exp(-ops.sqrt(ops.maximum(apart * (1.0 - itself), 0.0)) / length_km)
        joint = ops.matmul(self._member, weighted[:, None])
        white = ops.matmul(self._member, ops.square(weighted)[:, None])
        return correlated * ops.matmul(joint, ops.transpose(joint)) * correlation + (1.0 - correlated) * white * itself

    def _between_cells(self, widened: float):
        """(H W, H W) the filter's weights between centres of cells."""
        apart = ops.cast(ops.arange(self._columns), "float64") * self.lon_step
        kernel = filter_weights(self.latitude, apart, self.half_weight_km * widened)
        places, rows = ops.arange(self._columns), ops.shape(self.latitude)[0]
        pairs = ops.take(kernel, ops.abs(places[:, None] - places[None]), axis=2)
        return ops.reshape(ops.transpose(pairs, (0, 2, 1, 3)), (rows * self._columns, rows * self._columns))


def filter_weights(latitude, apart, half_weight_km: float):
    """Jekeli's weights between points on parallels: exp(−b (1 − cos ψ)), a Gaussian of the chord.

    Args:
        latitude: (n,) degrees.
        apart: (k,) differences of longitude, degrees.
        half_weight_km: where the weight is one half.
    Returns: (n, n, k).

    >>> import numpy as np
    >>> degrees = np.degrees(2 * np.arcsin(np.sin(100 / 6371 / 2)))
    >>> round(float(np.asarray(filter_weights(np.array([0.0]), np.array([degrees]), 100.0))[0, 0, 0]), 3)
    0.5
    """
    sharpness = math.log(2.0) / (2.0 * EARTH_RADIUS_KM * math.sin(half_weight_km / EARTH_RADIUS_KM / 2.0)) ** 2
    return ops.exp(-sharpness * squared_chords(latitude, latitude, apart))
