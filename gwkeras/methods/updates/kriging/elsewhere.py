"""A fitted kriging where it was not fitted: other cells of the same step, or another factor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.domain.domain import Domain
from gwkeras.observation.operator import Observation

if TYPE_CHECKING:
    from gwkeras.methods.updates.kriging.fitted import FittedKriging


def moved_to(fitted: FittedKriging, domain: Domain) -> FittedKriging:
    """The same update in another domain.

    Maps go along by position; beyond their edge they take the value of the nearest cell.

    Args:
        fitted: the update.
        domain: where it is asked for.
    Raises: BadInput: where the product's cells are of another size than those that it was fitted on.
    """
    own, asked, own_fine = fitted.region.product, domain.coarse, fitted.region.observation.fine
    if max(abs(asked.lat_step / own.lat_step - 1), abs(asked.lon_step / own.lon_step - 1)) > 0.01:
        raise BadInput(
            "kriging",
            expected=f"product cells of {own.lat_step:g}° × {own.lon_step:g}°, as it was fitted on",
            found=f"{asked.lat_step:g}° × {asked.lon_step:g}°",
            remedy="fit it on this product",
        )
    observation = Observation(domain.fine, domain.factor, domain.land_fine, fitted.region.spread)
    region = replace(fitted.region, observation=observation)
    taken = np.ix_(*nearest_cells(region.grid, fitted.region.grid))
    sizes = None if fitted.sizes is None else fitted.sizes[np.ix_(*nearest_cells(domain.fine, own_fine))]
    return replace(fitted, region=region, uncertainty=fitted.uncertainty[taken], local=fitted.local[taken], sizes=sizes)


def nearest_cells(grid: Grid, known: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of `known` that lie nearest to those of `grid`.

    Args:
        grid: whose cells are looked for.
        known: where.
    """
    rows = np.clip(np.floor((grid.lat - known.south) / known.lat_step).astype(int), 0, known.n_lat - 1)
    width = known.n_lon * known.lon_step
    east = (grid.lon - known.west) % 360.0  # of the western edge
    nearer_west = east - width > (360.0 - width) / 2  # beyond the eastern edge, and yet nearer to the western one
    columns = np.where(nearer_west, 0, np.clip(np.floor(east / known.lon_step).astype(int), 0, known.n_lon - 1))
    return rows, columns
