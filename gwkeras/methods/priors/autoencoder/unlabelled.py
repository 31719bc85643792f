"""Rows whose storage nobody has seen: fine cells, in all months that the climate holds."""

from __future__ import annotations

import numpy as np

from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.learners.features import Features

_BANDS = 3  # rows of the fine grid that are looked at


def unlabelled_rows(climate: FineClimate, time_constants: tuple[float, ...], most: int, rng: np.random.Generator) -> np.ndarray:
    """(n, p) float32 features of fine cells on land, drawn from some rows of the grid in every month; empty without channels.

    Args:
        climate: of the whole fine grid.
        time_constants: of the memories, months.
        most: rows wanted, at most.
        rng: draws them.
    """
    if not Channels(climate).names:
        return np.zeros((0, 0), np.float32)
    features = Features.of(climate, time_constants)
    maps, on_land = features.maps(climate), np.flatnonzero((climate.land > 0).any(axis=1))
    chosen = on_land[np.unique(np.linspace(0, len(on_land) - 1, _BANDS + 2).astype(int)[1:-1])]
    each = max(1, most // (len(chosen) * len(climate.months)))
    found = []
    for row in chosen:
        band = slice(int(row), int(row) + 1)
        for _, rows in features.fine(climate.band(band), maps[:, band], climate.months):
            found.append(rows[rng.choice(len(rows), min(each, len(rows)), replace=False)])
    return np.concatenate(found)
