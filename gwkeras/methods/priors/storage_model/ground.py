"""Where the model runs: cells with their weather, maps and place in the region's smooth field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.priors.storage_model.weather import NEEDED, Weather
from gwkeras.methods.priors.teaching.bumps import Bumps

_IRRIGATION = ("irrigat", "crop")  # by which a map of irrigated land is known, in lower case


@dataclass(frozen=True)
class Ground:
    """Cells on land.

    Args:
        weather: of the cells.
        maps: (map, cell) float32, standardised.
        bumps: (J, cell) float32.
        irrigated: (cell,) float32 share of the land.
        land: (n_lat, n_lon) bool, where the cells lie.
    """

    weather: Weather
    maps: np.ndarray
    bumps: np.ndarray
    irrigated: np.ndarray
    land: np.ndarray

    @classmethod
    def of(
        cls, climate: FineClimate, maps: np.ndarray, bumps: Bumps, middle: float, parts: int = 1, needed: np.ndarray | None = None
    ) -> Ground:
        """All cells of a climate's grid that hold land, or blocks of them.

        Args:
            climate: at the fine grid, or a band of its rows.
            maps: (map, n_lat, n_lon) of the same cells, standardised.
            bumps: of the regional field.
            middle: months since 2002-01 at which the time is 0.
            parts: cells along a side of a block, whose means over land are taken.
            needed: (n_lat, n_lon) which of the cells, or blocks, are asked for; None: all.
        """
        grid = climate.grid.coarsen(parts) if parts > 1 else climate.grid
        land = np.nan_to_num(climate.grid.block_mean(climate.land, parts)) > 0 if parts > 1 else climate.land > 0
        land = land if needed is None else land & needed

        def cells(field: np.ndarray) -> np.ndarray:
            mean = climate.grid.block_mean(field, parts, climate.land) if parts > 1 else field
            return np.asarray(mean[..., land], dtype=np.float32)

        forcing = [np.stack([cells(climate.channels[name][i]) for i in range(len(climate.months))]) for name in NEEDED]
        latitude = np.broadcast_to(grid.lat[:, None], grid.shape)[land]
        weather = Weather.of(climate.months, forcing[0], forcing[1], latitude, middle)
        rows, columns = bumps.axes(grid)
        row, column = np.nonzero(land)
        region = (rows.T[:, None, row] * columns.T[None, :, column]).reshape(-1, len(row))
        return cls(weather, cells(maps), region, cells(irrigated_share(climate)), land)


def maps_of(climate: FineClimate, standard: Standard | None = None) -> tuple[Standard, np.ndarray]:
    """The maps that parameters may depend on, and what makes them comparable.

    Args:
        climate: of the whole fine grid.
        standard: of the fit; None: this climate's own.
    Returns: `standard`, and (map, n_lat, n_lon) float32.
    Raises: BadInput: where a map of the fit is missing.
    """
    known = raw_maps(climate, Channels(climate).means)
    if standard is None:
        nothing = Standard((), np.array([]), np.array([]))
        standard = Standard.of(known, climate.grid.area * climate.land) if known else nothing
    missing = sorted(set(standard.names) - set(known))
    if missing:
        raise BadInput("storage model", expected=f"the map {missing[0]}", found="none", remedy="give the file that holds it")
    return standard, standard(known)[1:] if known else np.zeros((0, *climate.grid.shape), dtype=np.float32)


def irrigated_share(climate: FineClimate) -> np.ndarray:
    """(n_lat, n_lon) share of the land that is irrigated; ones where no map tells."""
    for name, field in climate.static.items():
        if any(part in name.lower() for part in _IRRIGATION):
            per_cent = float(np.nanmax(field, initial=0.0)) > 1.5
            return np.clip(np.nan_to_num(field) / (100.0 if per_cent else 1.0), 0.0, 1.0)
    return np.ones(climate.grid.shape)
