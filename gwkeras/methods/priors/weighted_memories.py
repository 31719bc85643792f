"""Σ weight × memory at the fine grid, month after month, by one recursion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gwkeras.core.months import calendar_month
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import advance, in_balance

BAND_BYTES = 2**26
"""Of the memories of a band of rows, about; a region is worked in such bands."""


def weighted_memories(
    channels: Channels, weights: np.ndarray, keeps: np.ndarray, groups: Sequence[np.ndarray]
) -> Iterator[tuple[np.datetime64, np.ndarray]]:
    """Each month's stamp and Σ weight × memory over each group of memories.

    Args:
        channels: of a band of rows.
        weights: (τ, channel, n_lat, n_lon) mm per unit.
        keeps: (τ,) retention.
        groups: (τ, channel) bool each; together they hold every memory once.
    Yields: datetime64[M], (group, n_lat, n_lon) mm.
    """
    stamps = channels.climate.months
    memories = in_balance(channels.climatology, int(calendar_month(stamps[:1])[0]), keeps)
    product = np.empty_like(memories)
    for stamp, values in zip(stamps, channels, strict=True):
        advance(memories, values, keeps)
        np.multiply(weights, memories, out=product)
        yield stamp, np.stack([product[group].sum(axis=0) for group in groups])


def bands(n_lat: int, n_lon: int, memories: int, whole: int = 1) -> list[slice]:
    """Bands of rows, of whole blocks of `whole` rows, whose memories take about `BAND_BYTES`."""
    rows = max(1, int(BAND_BYTES / (4 * n_lon * memories)) // whole) * whole
    return [slice(start, min(start + rows, n_lat)) for start in range(0, n_lat, rows)]
