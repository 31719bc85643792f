"""How much of each cell is land: where storage can lie."""

from __future__ import annotations

import numpy as np

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.regrid import Regridder
from gwkeras.fields.record import Fields


def fine_land(fields: Fields, grid: Grid, factor: int, seen: np.ndarray) -> np.ndarray:
    """(s n_lat, s n_lon) land fraction: the user's own field, else where the static fields, else where the climate has data.

    A product cell that has data, but no land by that, is taken as land as a whole: its water must lie somewhere. One without
    either is sea. Around the globe, product cells that never have data are no land: a product of the whole Earth lacks sea and
    ice.

    Args:
        fields: as read.
        grid: the fine grid.
        factor: s.
        seen: (n_lat, n_lon) whether the product ever has data there.
    """
    if fields.land is not None:
        land = np.nan_to_num(Regridder(grid_of(fields.land), grid)(fields.land.values, minimum_valid_share=0.0))
    else:
        land = _data_mask(fields, grid)
    empty = (grid.block_mean(land, factor) <= 0) & seen
    whole = np.where(nearest_upsample(empty, factor), 1.0, np.clip(land, 0.0, 1.0)).astype(np.float32)
    return whole * nearest_upsample(seen, factor) if grid.is_periodic else whole


def _data_mask(fields: Fields, grid: Grid) -> np.ndarray:
    """1 where at least half of a cell has data in the first field that has gaps at all, else 0; 1 everywhere if none has gaps.

    Cells beyond the edge of that field's file are taken as land: a file that ends there says nothing about them.
    """
    reference = [] if fields.reference is None else [fields.reference.isel(time=0)]
    for field in [*reference, *fields.static.values(), *(c.isel(time=0) for c in fields.climate.values())]:
        valid = np.isfinite(np.asarray(field.values))
        if valid.all() or not valid.any():
            continue
        share = Regridder(grid_of(field), grid)(valid.astype(float), minimum_valid_share=0.0)
        return (np.nan_to_num(share, nan=1.0) >= 0.5).astype(np.float32)
    return np.ones(grid.shape, np.float32)
