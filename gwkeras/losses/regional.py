"""Constraint 3: mass balances over regions, where it need not in a cell (eq. 14)."""

from __future__ import annotations

from keras import ops

from gwkeras.layers.block_mean import block_mean


def regional(storage_change, infiltration, weights, block: int):
    """Eq. 14: mean over regions of |average ΔG − average (P − ET)α|.

    Without gradient where the prediction's means over the regions are given, as those of a network that conserves are where
    a region is a whole number of coarse cells.

    Args:
        storage_change: ΔG, (batch, H, W, 1), finite.
        infiltration: (P − ET)α, (batch, H, W, 1), finite, in the same unit.
        weights: (batch, H, W, 1) cell area × land fraction, 0 in cells that do not count.
        block: side of a region in cells (the paper: 32). Regions at the far edges may be smaller; each region counts
            by the weight that it holds.
    Returns: (batch,), in the fields' unit.

    >>> import numpy as np
    >>> change = np.array([[4.0, 0.0], [2.0, 2.0]], "float32")[None, ..., None]
    >>> weights, nothing = np.ones_like(change), np.zeros_like(change)
    >>> float(regional(change, nothing + 2, weights, block=2)[0]), float(regional(change, nothing + 2, weights, block=1)[0])
    (0.0, 1.0)
    """
    mean, total = block_mean(_whole_blocks(storage_change - infiltration, block), _whole_blocks(weights, block), block)
    share = total / ops.maximum(ops.sum(total, axis=(1, 2, 3), keepdims=True), 1e-12)
    return ops.sum(share * ops.abs(mean), axis=(1, 2, 3))


def _whole_blocks(values, block: int):
    rows, cols = (-values.shape[1] % block, -values.shape[2] % block)
    return ops.pad(values, ((0, 0), (0, rows), (0, cols), (0, 0))) if rows or cols else values
