"""Constraint 3: mass balances over regions, where it need not in a cell (eq. 14)."""

from __future__ import annotations

from keras import ops

from gwkeras.layers.block_mean import block_mean


def regional(storage_change, infiltration, weights, block: int):
    """Eq. 14: mean over regions of |average ΔG − average (P − ET)α|.

    Args:
        storage_change, infiltration: (batch, H, W, 1), finite.
        weights: (batch, H, W, 1) cell area × land fraction, 0 in cells that do not count.
        block: side of a region in cells (the paper: 32). Regions at the far edges may be smaller; each region counts
            by the weight that it holds.
    Returns: (batch,), in the fields' unit.
    """
    mean, total = block_mean(_whole_blocks(storage_change - infiltration, block), _whole_blocks(weights, block), block)
    share = total / ops.maximum(ops.sum(total, axis=(1, 2, 3), keepdims=True), 1e-12)
    return ops.sum(share * ops.abs(mean), axis=(1, 2, 3))


def _whole_blocks(values, block: int):
    rows, cols = (-values.shape[1] % block, -values.shape[2] % block)
    return ops.pad(values, ((0, 0), (0, rows), (0, cols), (0, 0))) if rows or cols else values
