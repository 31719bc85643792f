"""Σ weight × memory at the fine grid, month after month, by one recursion.

A cell's weights stay the same from month to month, so channels are weighed before they are remembered: one store a time constant
instead of one a channel and time constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gwkeras.core.months import calendar_month
from gwkeras.domain.memories.channels import Channels, per_month
from gwkeras.domain.memories.exponential import advance, in_balance

BAND_BYTES = 2**26
"""Of the weights of a band of rows, about; a region is worked in such bands."""


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
    stores = [
        (number, np.flatnonzero(group[tau]), int(tau))
        for number, group in enumerate(groups)
        for tau in np.flatnonzero(group.any(axis=1))
    ]
    taken = [np.ascontiguousarray(weights[tau, chosen]) for _, chosen, tau in stores]
    own = keeps[[tau for _, _, tau in stores]]
    first = int(calendar_month(stamps[:1])[0])
    climatology = channels.climatology
    held = np.stack(
        [
            in_balance(_weighed(weight, climatology[:, chosen]), first, keeps[tau : tau + 1])[0]
            for weight, (_, chosen, tau) in zip(taken, stores, strict=True)
        ]
    )
    flowing = np.empty_like(held)
    for stamp, values in zip(stamps, channels, strict=True):
        for store, (weight, (_, chosen, _)) in enumerate(zip(taken, stores, strict=True)):
            part = values if len(chosen) == len(values) else values[chosen]
            np.einsum("cij,cij->ij", weight, part, out=flowing[store])
        for memory, flow, a in zip(held, flowing, own, strict=True):
            advance(memory[None], flow, np.array([a]))
        yield stamp, np.stack([_sum_of(held, stores, number) for number in range(len(groups))])


def weighted_memory(channels: Channels, weights: np.ndarray, keeps: np.ndarray) -> Iterator[tuple[np.datetime64, np.ndarray]]:
    """Each month's stamp and Σ weight × memory over all memories, up to a constant of each cell, from one run through the months.

    Channels are weighed as they come; how each calendar month is in the mean, which memories begin with, is known of their
    weighed sums in the end. All months of these are held: for a window, not for a region.

    Args:
        channels: of a window, or of its land.
        weights: (τ, channel, ...) mm per unit.
        keeps: (τ,) retention.
    Yields: datetime64[M], (...) mm.
    """
    stamps = channels.climate.months
    calendar = calendar_month(stamps)
    flows = np.empty((len(stamps), len(weights), *weights.shape[2:]), dtype=np.float32)
    for flowing, values in zip(flows, channels.themselves(), strict=True):
        for into, weight in zip(flowing, weights, strict=True):
            np.einsum("c...,c...->...", weight, values, out=into)
    flows -= flows.mean(axis=0)
    year = np.stack([flows[calendar == month].sum(axis=0) for month in range(1, 13)])
    year, first = per_month(year, calendar), int(calendar[0])
    held = np.stack([in_balance(year[:, t], first, keeps[t : t + 1])[0] for t in range(len(keeps))])
    for stamp, flowing in zip(stamps, flows, strict=True):
        for memory, flow, a in zip(held, flowing, keeps, strict=True):
            advance(memory[None], flow, np.array([a]))
        yield stamp, held.sum(axis=0)


def _weighed(weights: np.ndarray, climatology: np.ndarray) -> np.ndarray:
    """(12, n_lat, n_lon) Σ_c weight × calendar mean."""
    return np.einsum("cij,mcij->mij", weights, climatology)


def _sum_of(held: np.ndarray, stores: Sequence[tuple[int, np.ndarray, int]], number: int) -> np.ndarray:
    return sum((held[i] for i, (group, _, _) in enumerate(stores) if group == number), np.zeros(held.shape[1:], held.dtype))


def bands(n_lat: int, n_lon: int, memories: int, whole: int = 1) -> list[slice]:
    """Bands of rows, of whole blocks of `whole` rows, whose weights take about `BAND_BYTES`."""
    rows = max(1, int(BAND_BYTES / (4 * n_lon * memories)) // whole) * whole
    return [slice(start, min(start + rows, n_lat)) for start in range(0, n_lat, rows)]
