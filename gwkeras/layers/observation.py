"""H for tensors: what the product would show of a fine field on a fixed window, differentiable, on every backend.

`gwkeras.observation.operator` holds the same for numpy; a test keeps the two equal.
"""

from __future__ import annotations

import keras
from keras import ops

from gwkeras.core.grid import Grid
from gwkeras.layers.block_mean import block_mean
from gwkeras.observation.convolution import Convolution
from gwkeras.observation.point_spread import PointSpread


@keras.saving.register_keras_serializable(package="gwkeras")
class Observe(keras.layers.Layer):
    """Area × land block mean of a fine field seen through a point spread; 0 where a product cell has no land; float32.

    The window is fixed, since the kernel depends on latitude. It is cut where the window ends, and renormalised.

    Args:
        factor: s.
        window: south, west, lat_step, lon_step, n_lat, n_lon of the fine grid; degrees.
        kind: of the point spread, "gaussian" or "none".
        half_weight_km: its distance of half weight.
        over: "land" or "everything".
    Input shape: fine (batch, sH, sW, 1), finite; land_fine (batch, sH, sW, 1), fractions.
    Output shape: (batch, H, W, 1).

    >>> import numpy as np
    >>> layer = Observe(2, window=(0.0, 0.0, 0.25, 0.25, 4, 4), kind="gaussian", half_weight_km=50.0)
    >>> seen = layer(np.full((1, 4, 4, 1), 7.0, "float32"), np.ones((1, 4, 4, 1), "float32"))
    >>> np.asarray(seen).round(4).ravel().tolist()
    [7.0, 7.0, 7.0, 7.0]
    """

    def __init__(self, factor, window, kind="none", half_weight_km=0.0, over="land", dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.factor, self.window = factor, tuple(window)
        self.kind, self.half_weight_km, self.over = kind, half_weight_km, over
        grid = Grid(*self.window)
        # Relative areas near 1: float32 has no digits to lose to km².
        self._area = (grid.row_area / grid.row_area.mean()).astype("float32")[:, None, None]
        if kind != "none":
            convolution = Convolution(grid, PointSpread(kind, half_weight_km, over))
            self._basis = convolution.basis.astype("float32")
            self._blocks = tuple((reached, found.astype("float32")) for _, reached, found in convolution.blocks())

    @classmethod
    def of(cls, grid: Grid, factor: int, point_spread: PointSpread, **kwargs) -> Observe:
        """The layer for a fine grid."""
        window = (grid.south, grid.west, grid.lat_step, grid.lon_step, grid.n_lat, grid.n_lon)
        return cls(factor, window, point_spread.kind, point_spread.half_weight_km, point_spread.over, **kwargs)

    def call(self, fine, land_fine):
        mass = land_fine * ops.convert_to_tensor(self._area)
        if self.kind == "none":
            return block_mean(fine, mass, self.factor)[0]
        counted = mass if self.over == "land" else ops.zeros_like(mass) + ops.convert_to_tensor(self._area)
        reached = self._convolve(counted)
        seen = self._convolve(fine * mass) / ops.where(mass > 0, reached, 1.0)
        return block_mean(seen, mass, self.factor)[0]

    def _convolve(self, values):
        """`Convolution` of (batch, sH, sW, 1)."""
        rows, columns = self.window[4:]
        basis = ops.convert_to_tensor(self._basis)
        count = self._basis.shape[1] // 2
        spectrum = ops.reshape(ops.matmul(ops.reshape(values, (-1, rows, columns)), basis), (-1, rows, 2, count))
        spectrum = ops.reshape(ops.transpose(spectrum, (3, 1, 0, 2)), (count, rows, -1))  # batch and the pair in one axis
        parts = [ops.matmul(ops.convert_to_tensor(found), spectrum[:, reached]) for reached, found in self._blocks]
        summed = ops.reshape(ops.concatenate(parts, axis=1), (count, rows, -1, 2))
        summed = ops.reshape(ops.transpose(summed, (2, 1, 3, 0)), (-1, rows, 2 * count))
        return ops.reshape(ops.matmul(summed, ops.transpose(basis)), (-1, rows, columns, 1))

    def compute_output_shape(self, fine_shape, land_fine_shape=None):
        batch, rows, columns, channels = fine_shape
        return batch, rows // self.factor, columns // self.factor, channels

    def get_config(self):
        own = {name: getattr(self, name) for name in ("factor", "window", "kind", "half_weight_km", "over")}
        return {**super().get_config(), **own}
