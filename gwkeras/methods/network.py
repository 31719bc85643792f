"""The trained network as a method: a whole region by overlapping tiles, blended, and conservative as a mosaic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from gwkeras.fields.interpolation import conserve
from gwkeras.fields.scale import Scale
from gwkeras.methods.method import Prediction

Predict = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
"""A batch of inputs, by name, to {"mean", "variance"}, both (batch, sH, sW, 1): a Keras model's `predict_on_batch` or a server."""


@dataclass(frozen=True)
class Network:
    """A network behind the interface of all methods.

    Args:
        run: the network.
        divisor: the coarse sizes that the network accepts are multiples of this.
        tile: side of a tile, coarse cells, halo included; a region that fits into one tile is one pass.
        halo: coarse cells that neighbouring tiles share on each side, over which they are blended.
        sigma_scale: what calibration multiplies the predicted standard deviation by.
        interval_factor: half width of the interval between `lower` and `upper`, in calibrated standard deviations.
        conserving: whether the mosaic is made to average to the coarse field.
    """

    run: Predict
    divisor: int
    tile: int = 64
    halo: int = 8
    sigma_scale: float = 1.0
    interval_factor: float = NormalDist().inv_cdf(0.95)
    conserving: bool = True
    name: str = "model"

    def predict(self, scale: Scale, month: int) -> Prediction:
        """The mosaic of all tiles with land; see `Method.predict`."""
        factor, shape = scale.factor, scale.fine.shape
        mean, variance, weight = (np.zeros(shape) for _ in range(3))
        for row, col, height, width in self._tiles(scale):
            sample = scale.sample(month, row, col, height, width)
            if not sample["land"].any():
                continue
            outputs = self.run({name: value[None] for name, value in sample.items()})
            blend = np.outer(_ramp(row, height, scale.coarse.n_lat, self.halo, factor),
                             _ramp(col, width, scale.coarse.n_lon, self.halo, factor))
            inside, part = _overlap(row, col, height, width, scale.coarse.shape, factor)
            mean[inside] += (blend * np.asarray(outputs["mean"])[0, ..., 0])[part]
            variance[inside] += (blend * np.asarray(outputs["variance"])[0, ..., 0])[part]
            weight[inside] += blend[part]
        coarse = scale.storage_of(month)
        known = (scale.land_fine > 0) & (weight > 0) & np.repeat(np.repeat(np.isfinite(coarse), factor, 0), factor, 1)
        mean = np.where(known, mean / np.where(weight > 0, weight, 1.0), np.nan)
        if self.conserving:
            mean = conserve(mean, coarse.astype(np.float64), scale.fine, factor, scale.land_fine)
        # Tiles see the same data, so their errors are one error: variances are averaged, not reduced by the number of tiles.
        sigma = self.sigma_scale * np.sqrt(np.where(known, variance / np.where(weight > 0, weight, 1.0), np.nan))
        half = self.interval_factor * sigma
        return Prediction(mean, sigma, mean - half, mean + half)

    def _tiles(self, scale: Scale) -> Iterator[tuple[int, int, int, int]]:
        """(row, col, height, width) of tiles that cover the domain; sizes and offsets are multiples of `divisor`."""
        rows, cols = (_spans(n, self.tile, self.halo, self.divisor) for n in scale.coarse.shape)
        for row, height in rows:
            for col, width in cols:
                yield row, col, height, width


def _spans(cells: int, tile: int, halo: int, divisor: int) -> list[tuple[int, int]]:
    """(start, length) of tiles along one axis, all of one length, the last reaching beyond the domain where it must."""
    whole = -(-cells // divisor) * divisor
    length = -(-max(tile, divisor) // divisor) * divisor
    if whole <= length:
        return [(0, whole)]
    step = max(divisor, (length - 2 * halo) // divisor * divisor)
    count = -(-(whole - length) // step) + 1
    return [(i * step, length) for i in range(count)]


def _ramp(start: int, length: int, cells: int, halo: int, factor: int) -> np.ndarray:
    """(s·length,) blending weights: 1 inside, falling linearly over the halo at edges that lie within the domain."""
    position = np.arange(length * factor) + 0.5
    weight = np.ones(length * factor)
    over = max(2 * halo * factor, 1)
    if start > 0:
        weight = np.minimum(weight, position / over)
    if start + length < cells:
        weight = np.minimum(weight, (length * factor - position) / over)
    return weight


def _overlap(row: int, col: int, height: int, width: int, shape: tuple[int, int], factor: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a tile lies in the fine domain, and which part of the tile that is."""
    bottom, right = min(row + height, shape[0]), min(col + width, shape[1])
    inside = (slice(row * factor, bottom * factor), slice(col * factor, right * factor))
    return inside, (slice(0, (bottom - row) * factor), slice(0, (right - col) * factor))
