"""What the ground is like: the parts a map shows (soil, irrigation), and the parts no map shows (aquifers, wells)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from gwkeras.core.grid import Grid
from gwkeras.twin.family import Ground
from gwkeras.twin.random_fields import FractalField, generator
from gwkeras.twin.terrain import Terrain


@dataclass(frozen=True)
class Landscape:
    """Fields on the fine grid, (n_lat, n_lon), float64.

    Args:
        soil_index: mapped soil fineness, 0 sand … 1 clay, with the errors of a map.
        irrigated_share: mapped irrigated share of the area, with the errors of a map.
        soil_capacity: mm.
        fast_share: share of water that runs off before it infiltrates, on saturated soil.
        recharge_share: share of the soil's drainage that goes down to the aquifer.
        delay: mean travel time through the unsaturated zone, months.
        residence: residence time of groundwater above the drainage level, months.
        transmissivity: share of the difference between two neighbours' storage that flows across their face in a month.
        pumped_share: irrigated with groundwater, share of the area.
    """

    soil_index: np.ndarray
    irrigated_share: np.ndarray
    soil_capacity: np.ndarray
    fast_share: np.ndarray
    recharge_share: np.ndarray
    delay: np.ndarray
    residence: np.ndarray
    transmissivity: np.ndarray
    pumped_share: np.ndarray


def make_landscape(grid: Grid, terrain: Terrain, seed: int, ground: Ground | None = None) -> Landscape:
    """Soils and irrigation that follow the terrain in part, aquifers that follow both in part and themselves for the rest."""
    ground = ground or Ground()
    rng = generator(seed, "landscape")

    def draw(length: float, slope: float) -> np.ndarray:
        return FractalField(grid, length, slope).draw(rng)

    plain = 2 * terrain.flatness - 1
    soil = 1.0 * draw(0.6, 3.8) + 0.3 * plain - 0.6 * terrain.standing + ground.soil
    fine = ndtr(soil)
    soil_index = ndtr(0.95 * soil + 0.25 * draw(1.0, 2.6))

    suitability = 1.0 * draw(0.7, 3.6) + 1.0 * plain - 0.4 * terrain.standing + ground.irrigation
    irrigated = 0.9 * ndtr(1.6 * suitability - 0.6) * terrain.flatness
    mapped = 0.9 * ndtr(1.6 * (suitability + 0.35 * draw(1.0, 2.6)) - 0.6) * terrain.flatness
    irrigated_share = np.where(mapped < 0.02, 0.0, mapped)  # maps do not show the last gardens

    wells = ndtr(ground.wells + 0.8 * draw(0.6, 3.6))
    rock, flow, depth = draw(0.5, 4.0), draw(0.5, 4.0), draw(0.5, 4.0)
    return Landscape(
        soil_index=soil_index,
        irrigated_share=irrigated_share,
        soil_capacity=50 + 150 * fine,
        fast_share=np.clip(0.15 + 0.25 * fine + 0.25 * (1 - terrain.flatness), 0.0, 0.8),
        recharge_share=ndtr(ground.recharge - 1.2 * (2 * fine - 1) + 0.3 * plain - 0.45 * terrain.standing + 0.4 * rock),
        delay=np.clip(np.exp(ground.delay + 0.4 * (2 * fine - 1) - 0.35 * plain + 0.35 * depth), 1.0, 12.0),
        residence=np.clip(
            np.exp(ground.residence - 0.5 * (2 * fine - 1) + 0.20 * plain - 0.35 * terrain.standing + 0.35 * flow), 3.0, 36.0
        ),
        transmissivity=ground.transmissivity * np.exp(0.5 * flow) * terrain.flatness,
        pumped_share=irrigated * wells,
    )
